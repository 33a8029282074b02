//! What the tests of netc as a whole share: reference values, the seeded tensors they were made with, the generated code of
//! every network.

pub mod counts;
pub mod generated;
pub mod networks;
pub mod numbers;
pub mod options;
pub mod reference;
pub mod seeded;
pub mod training_counts;

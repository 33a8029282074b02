//! A network compiled once by the command line, its Rust kept in the repository:
//!
//! ```text
//! netc models/lenet.net -o src/lenet.rs
//! ```

#[rustfmt::skip] // generated: as netc wrote it
mod lenet;

use lenet::LeNet;

fn main() -> Result<(), netc_runtime::Error> {
    let model = LeNet::random(1);
    let mut workspace = model.workspace(1);
    let best = model.predict(&mut workspace, &[0.5; 32 * 32 * 3])?;
    println!("{best:?}");
    Ok(())
}

netc_macros::net! {}

fn main() {}

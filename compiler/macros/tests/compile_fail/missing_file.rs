netc_macros::net!("models/nowhere.net");

fn main() {}

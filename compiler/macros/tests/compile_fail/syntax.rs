// An arrow of another language.
netc_macros::net! {
    net Arrow
    INPUT(28x28x1) -> CONV(8, 3x3) => FC(10)
}

fn main() {}

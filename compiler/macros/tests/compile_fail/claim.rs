netc_macros::net! {
    net Claim
    INPUT(28x28x1) => CONV(8, 3x3) => RELU => FC(10)
    expect params = 54_000
}

fn main() {}

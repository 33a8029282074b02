// The shape arithmetic is shown at the stage that does not fit; both errors of the chain are shown in one run.
netc_macros::net! {
    net TooDeep
    INPUT(32x32x3)
    => CONV(32, 3x3) => RELU => POOL(2x2)
    => CONV(64, 17x17)
    => FC(10, units=10)
}

fn main() {}

// A misspelt layer and a misspelt option, each underlined with the name that was probably meant.
netc_macros::net! {
    net Misspelt
    INPUT(28x28x1) => CONF(8, 3x3) => RELU => POOL(2x2, strade=2) => FC(10)
}

fn main() {}

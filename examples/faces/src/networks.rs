//! The three networks of MTCNN (Zhang et al. 2016), each more thorough than the one before.
//!
//! `netc import` wrote the weights and these layers; the block and the names of the outputs are ours. `weights/README.md` has the commands.
//!
//! They were trained in MATLAB, which stores pictures column by column, so what netc calls rows are columns: see [`Picture`](crate::Picture).

use netc_macros::net;

net! {
    // Looks through a window of 12x12, at every second pixel, which is what a convolution does: the larger the picture, the more windows.
    // A network of netc has one size, and photographs have many. This one is a tile of 32x32 windows, and `detector.rs` lays tiles
    // side by side. Each layer reads inside its picture, without padding, so that no window knows which tile it is in.
    net PNet

    block conv(filters, kernel) = CONV(filters, kernel) => PRELU

    INPUT(74x74x3)
    => conv(10, 3x3) => POOL(2x2)
    => conv(16, 3x3)
    => conv(32, 3x3) as seen
    => CONV(4, 1x1)                              // what to add to the window's sides, as shares of its size

    output faces = seen => CONV(2, 1x1) => SOFTMAX   // the probabilities of none and of a face

    expect params = 6_632
    expect output = 32x32x4
}

net! {
    // Looks again at each window that the first network took for a face.
    net RNet

    block conv(filters, kernel) = CONV(filters, kernel) => PRELU

    INPUT(24x24x3)
    => conv(28, 3x3) => POOL(3x3/2, same)
    => conv(48, 3x3) => POOL(3x3/2)
    => conv(64, 2x2)
    => (FC(128) => PRELU) as seen
    => FC(4)

    output faces = seen => FC(2) => SOFTMAX

    expect params = 100_178
}

net! {
    // Looks at what is left, and finds eyes, nose and mouth.
    net ONet

    block conv(filters, kernel) = CONV(filters, kernel) => PRELU

    INPUT(48x48x3)
    => conv(32, 3x3)  => POOL(3x3/2, same)
    => conv(64, 3x3)  => POOL(3x3/2)
    => conv(64, 3x3)  => POOL(2x2)
    => conv(128, 2x2)
    => (FC(256) => PRELU) as seen
    => FC(4)

    output landmarks = seen => FC(10)            // five times x, five times y, as shares of the box
    output faces     = seen => FC(2) => SOFTMAX

    expect params = 389_040
}

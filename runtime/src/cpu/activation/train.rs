//! Backward through activations.

use super::derivative::{derivative, reference};
use crate::cpu::sizes::{Sizes, bounded, prepared};
use crate::cpu::{self, Real, simd::multiversion};
use crate::plan::{self, Act};
use crate::reference::Given;
use crate::train::reference::{Gradients, Pass, PlainBackward};
use crate::train::{Backward, TrainMem, backward, simple};

/// An activation on its own, in training.
pub struct Activation {
    d: plan::Activation,
    sizes: Sizes,
    forward: cpu::Activation,
}

impl Activation {
    prepared!(|d: plan::Activation| Self {
        d,
        forward: cpu::Activation::new(d)
    });

    simple!(forward);

    backward!();

    fn back(&mut self, mem: &mut TrainMem<'_, '_>, Backward { x, y, dy, dx }: Backward) {
        if self.d.act.from_value() {
            mem.through(self.d.act, self.sizes.output(y), self.sizes.output(dy));
        } else {
            let step = mem
                .mem
                .access([self.sizes.input(x)], [self.sizes.output(dy)])
                .flat();
            let [_, w, c] = step.y[0].geometry.shape;
            let cost = bounded([w, c, 16]);
            step.for_rows(cost, |[x], [mut dy]| {
                for ox in 0..dy.width() {
                    from_input(self.d.act, x.pixel(dy.image, dy.y, ox), dy.pixel(ox));
                }
            });
        }
        mem.hand_on(self.sizes.output(dy), dx);
    }
}

multiversion! {
    /// `dy *= act'(x)`, by the value `y = act(x)`. At a kink the derivative is PyTorch's: that of the left side.
    pub(crate) fn from_value(act: Act, y: &[f32], dy: &mut [f32]) {
        #[inline(always)]
        fn map(y: &[f32], dy: &mut [f32], f: impl Fn(f32, f32) -> f32) {
            dy.iter_mut().zip(y).for_each(|(dy, y)| *dy = f(*y, *dy));
        }
        match act {
            Act::None | Act::Gelu | Act::Silu | Act::HardSwish => {}
            Act::Relu => map(y, dy, |y, dy| if y <= 0.0 { 0.0 } else { dy }),
            Act::Relu6 => map(y, dy, |y, dy| if y <= 0.0 || y >= 6.0 { 0.0 } else { dy }),
            Act::LeakyRelu(slope) => map(y, dy, |y, dy| if y <= 0.0 { slope * dy } else { dy }),
            Act::Elu(alpha) => map(y, dy, |y, dy| if y <= 0.0 { (y + alpha) * dy } else { dy }),
            Act::Sigmoid => map(y, dy, |y, dy| y * (1.0 - y) * dy),
            Act::HardSigmoid => map(y, dy, |y, dy| {
                if y <= 0.0 || y >= 1.0 { 0.0 } else { dy * (1.0 / 6.0) }
            }),
            Act::Tanh => map(y, dy, |y, dy| (1.0 - y * y) * dy),
            Act::LecunTanh => map(y, dy, |y, dy| {
                (2.0 / 3.0) * (1.7159 - y * y * (1.0 / 1.7159)) * dy
            }),
        }
    }
}

/// `dy *= act'(x)` for GELU, SILU and HARD_SWISH, whose value does not tell their input. In double precision, as the plain reference.
fn from_input(act: Act, x: &[f32], dy: &mut [f32]) {
    for (dy, &x) in dy.iter_mut().zip(x) {
        *dy *= derivative(act, f64::from(x), 0.0) as f32;
    }
}

impl PlainBackward for plan::Activation {
    fn plain_backward<T: Real>(
        &self,
        _: &Given<'_, T>,
        pass: &Pass<'_, T>,
        gradients: &mut Gradients<T>,
    ) {
        let dx = &mut gradients.inputs[0];
        dx.copy_from_slice(pass.dy);
        reference(self.act, Some(&pass.x[0]), pass.y, dx);
    }
}

//! What a training step works on: the arena of the plan, and the parameters with their gradients.

use crate::Mem;
use crate::cpu::activation::train as activation;
use crate::cpu::simd::multiversion;
use crate::cpu::sizes::{Shaped, bounded};
use crate::plan::{Act, Gradient};
#[cfg(feature = "cuda")]
use crate::train::recorded::Recorded;

/// A training step under way.
pub struct TrainMem<'w, 'i> {
    pub(crate) mem: Mem<'w, 'i>,
    /// All parameters, as [`Layout`](super::Layout) lays them out.
    pub(crate) params: &'w mut [f32],
    /// Their gradients, in the same places.
    pub(crate) gradients: &'w mut [f32],
    /// Of the run.
    pub(crate) seed: u64,
    /// Steps before this one.
    pub(crate) step: u64,
    /// The run is on another device: steps are recorded, and not computed.
    #[cfg(feature = "cuda")]
    pub(crate) recorded: Option<&'w mut Recorded>,
}

impl<'w, 'i> TrainMem<'w, 'i> {
    /// Over this arena and these parameters. `seed` and `step` key the random numbers of DROPOUT. A kernel whose parameters lie
    /// beyond the end of a buffer panics.
    #[must_use]
    pub fn new(
        mem: Mem<'w, 'i>,
        params: &'w mut [f32],
        gradients: &'w mut [f32],
        seed: u64,
        step: u64,
    ) -> Self {
        Self {
            mem,
            params,
            gradients,
            seed,
            step,
            #[cfg(feature = "cuda")]
            recorded: None,
        }
    }

    /// Turns the gradient of an activation's value into that of its input, in place; `y` is the value.
    ///
    /// # Panics
    /// As [`Mem::access`].
    #[track_caller]
    pub(crate) fn through(&mut self, act: Act, y: Shaped, dy: Shaped) {
        if act == Act::None {
            return;
        }
        let step = self.mem.access([y], [dy]).flat();
        let [_, w, c] = step.y[0].geometry.shape;
        let cost = bounded([w, c, 2]);
        step.for_rows(cost, |[y], [mut dy]| {
            for ox in 0..dy.width() {
                let y = y.pixel(dy.image, dy.y, ox);
                activation::from_value(act, y, dy.pixel(ox));
            }
        });
    }

    /// Writes or adds a gradient of the same shape where it belongs, for steps that have worked in place.
    ///
    /// # Panics
    /// As [`Mem::access`].
    #[track_caller]
    pub(crate) fn hand_on(&mut self, dy: Shaped, dx: Option<Gradient>) {
        let Some(dx) = dx.filter(|dx| dx.view != dy.view()) else {
            return;
        };
        let step = self.mem.access([dy], [dy.like(dx.view)]).flat();
        let [_, w, c] = step.y[0].geometry.shape;
        let cost = bounded([w, c]);
        step.for_rows(cost, |[dy], [mut out]| {
            for ox in 0..out.width() {
                let dy = dy.pixel(out.image, out.y, ox);
                put(dx.accumulate, out.pixel(ox), dy);
            }
        });
    }
}

/// Writes or adds `from`.
#[inline]
pub(crate) fn put(accumulate: bool, to: &mut [f32], from: &[f32]) {
    if accumulate {
        add(to, from);
    } else {
        to.copy_from_slice(from);
    }
}

multiversion! {
    /// `to += from`
    pub(crate) fn add(to: &mut [f32], from: &[f32]) {
        to.iter_mut().zip(from).for_each(|(to, from)| *to += from);
    }
}

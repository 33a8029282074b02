//! Update rules over the flat buffers, in pieces of fixed size, each piece on one thread.

use super::Layout;
use crate::cpu::access::Shared;
use crate::cpu::simd::multiversion;
use crate::plan::{Optimizer, UpdateStep};
use crate::threads::Threads;
use alloc::vec;
use alloc::vec::Vec;
use core::ops::Range;
#[cfg(not(feature = "std"))]
use num_traits::Float as _;

/// Numbers in a piece.
const PIECE: usize = 1 << 14;

/// An optimizer with its states.
pub struct Update {
    optimizer: Optimizer,
    pieces: Vec<Piece>,
    /// Buffers laid out as the parameters; see [`Optimizer::states`].
    states: Vec<Vec<f32>>,
    /// Sums of the pieces.
    sums: Vec<f64>,
    /// Updates made.
    step: u64,
    threads: Threads,
}

/// Consecutive numbers of one trainable tensor.
struct Piece {
    range: Range<usize>,
    /// Factor of their squares in the loss.
    l2: f32,
}

impl Piece {
    /// Its numbers in a buffer.
    ///
    /// # Safety
    /// Nobody else touches them while the slice lives.
    unsafe fn of<'m>(&self, buffer: Shared<'m, f32>) -> &'m mut [f32] {
        // SAFETY: the caller's promise is the same.
        unsafe { buffer.part(self.range.clone()) }
    }
}

impl Update {
    /// For the update part of a plan.
    ///
    /// # Panics
    /// If its steps do not move each trainable parameter once, in order.
    #[must_use]
    pub fn new(
        optimizer: &Optimizer,
        layout: &Layout,
        steps: &[UpdateStep],
        threads: usize,
    ) -> Self {
        let params = layout.params().enumerate();
        let mut trained = params.filter(|(_, (param, _))| param.trainable);
        let mut pieces = Vec::new();
        for step in steps {
            let next = trained.next().filter(|(i, _)| *i == step.param);
            let (_, (_, range)) = next.expect("an update of the next trainable parameter");
            let starts = range.clone().step_by(PIECE);
            pieces.extend(starts.map(|start| Piece {
                range: start..range.end.min(start + PIECE),
                l2: step.l2,
            }));
        }
        assert!(trained.next().is_none(), "a parameter without an update");
        Self {
            optimizer: *optimizer,
            states: optimizer
                .states()
                .iter()
                .map(|_| vec![0.0; layout.len()])
                .collect(),
            sums: vec![0.0; pieces.len()],
            pieces,
            step: 0,
            threads: Threads::new(threads).hire(),
        }
    }

    /// The optimizer.
    #[must_use]
    pub fn optimizer(&self) -> &Optimizer {
        &self.optimizer
    }

    /// Updates made so far.
    #[must_use]
    pub fn steps(&self) -> u64 {
        self.step
    }

    /// The states, in the order of [`Optimizer::states`].
    #[must_use]
    pub fn states(&self) -> &[Vec<f32>] {
        &self.states
    }

    pub(super) fn restore(&mut self, step: u64, mut write: impl FnMut(usize, &mut [f32])) {
        self.step = step;
        let states = self.states.iter_mut().enumerate();
        states.for_each(|(i, state)| write(i, state));
    }

    /// Adds the gradient of the L2 terms, and returns the terms.
    pub fn regularise(&mut self, params: &[f32], gradients: &mut [f32]) -> f64 {
        if self.pieces.iter().all(|piece| piece.l2 == 0.0) {
            return 0.0;
        }
        let gradients = Shared::new(gradients);
        self.sum(|piece| {
            let w = &params[piece.range.clone()];
            // SAFETY: pieces do not overlap, and each belongs to one task.
            let g = unsafe { piece.of(gradients) };
            g.iter_mut()
                .zip(w)
                .for_each(|(g, w)| *g += 2.0 * piece.l2 * w);
            f64::from(piece.l2) * squares(w)
        })
    }

    /// The norm of all gradients of trainable parameters together.
    pub fn norm(&mut self, gradients: &[f32]) -> f64 {
        libm::sqrt(self.sum(|piece| squares(&gradients[piece.range.clone()])))
    }

    fn sum(&mut self, of: impl Fn(&Piece) -> f64 + Sync) -> f64 {
        let sums = Shared::new(&mut self.sums);
        let pieces = &self.pieces;
        self.threads.for_ranges(pieces.len(), PIECE, |range, _| {
            for i in range {
                // SAFETY: each piece, and its place, belongs to one task.
                let sum = unsafe { sums.part(i..i + 1) };
                sum.fill(of(&pieces[i]));
            }
        });
        self.sums.iter().sum()
    }

    /// Moves the parameters, and sets the gradients to zero. `factor` multiplies the learning rate, `scale` the gradients.
    pub fn apply(&mut self, params: &mut [f32], gradients: &mut [f32], factor: f64, scale: f64) {
        let rule = Rule::new(&self.optimizer, self.step, factor, scale);
        let (params, gradients) = (Shared::new(params), Shared::new(gradients));
        let mut states = self.states.iter_mut().map(|state| Shared::new(state));
        let states = [states.next(), states.next()];
        let pieces = &self.pieces;
        self.threads.for_ranges(pieces.len(), PIECE, |range, _| {
            for piece in &pieces[range] {
                // SAFETY: pieces do not overlap, and each belongs to one task, which asks once for each buffer.
                let part = |buffer| unsafe { piece.of(buffer) };
                let [a, b] = states.map(|state| state.map_or(&mut [][..], part));
                rule.apply(part(params), part(gradients), a, b);
            }
        });
        self.step += 1;
    }
}

/// In double precision, in lanes.
fn squares(x: &[f32]) -> f64 {
    let mut sum = [0.0];
    add_squares(x, &mut sum);
    sum[0]
}

multiversion! {
    fn add_squares(x: &[f32], sum: &mut [f64; 1]) {
        let mut lanes = [0.0_f64; 16];
        let (chunks, rest) = x.as_chunks::<16>();
        for chunk in chunks {
            lanes.iter_mut().zip(chunk).for_each(|(sum, x)| *sum += f64::from(*x) * f64::from(*x));
        }
        lanes.iter_mut().zip(rest).for_each(|(sum, x)| *sum += f64::from(*x) * f64::from(*x));
        sum[0] += lanes.iter().sum::<f64>();
    }
}

/// An update rule with the numbers of one step.
pub(crate) struct Rule {
    pub(crate) kind: Kind,
    /// All factors included.
    pub(crate) lr: f32,
    /// Of the gradients.
    scale: f32,
    /// Weight decay that is added to the gradient.
    pub(crate) coupled: f32,
}

/// Running means keep these shares of the old and the new: the second is exact to f32, not 1 minus a rounded first.
fn shares(old: f64) -> [f32; 2] {
    [old as f32, (1.0 - old) as f32]
}

/// The kinds of rules, and what does not change from step to step but `keep`.
#[derive(Clone, Copy)]
pub(crate) enum Kind {
    Plain,
    Momentum {
        momentum: f32,
        nesterov: bool,
    },
    RmsProp {
        square: [f32; 2],
        eps: f32,
    },
    Adam {
        mean: [f32; 2],
        square: [f32; 2],
        eps: f32,
        keep: f32,
    },
}

impl Kind {
    fn sgd(momentum: f32, nesterov: bool) -> Self {
        if momentum == 0.0 {
            return Kind::Plain;
        }
        Kind::Momentum { momentum, nesterov }
    }
}

impl Rule {
    pub(crate) fn new(optimizer: &Optimizer, step: u64, factor: f64, scale: f64) -> Self {
        let rate = |lr: f64, decay: f64| lr * factor / (1.0 + decay * step as f64);
        let (kind, lr, coupled) = match *optimizer {
            Optimizer::Sgd {
                lr,
                momentum,
                nesterov,
                weight_decay,
                decay,
            } => {
                let kind = Kind::sgd(momentum as f32, nesterov);
                (kind, rate(lr, decay), weight_decay)
            }
            Optimizer::RmsProp {
                lr,
                rho,
                eps,
                weight_decay,
                decay,
            } => {
                let kind = Kind::RmsProp {
                    square: shares(rho),
                    eps: eps as f32,
                };
                (kind, rate(lr, decay), weight_decay)
            }
            Optimizer::Adam {
                lr,
                beta1,
                beta2,
                eps,
                weight_decay,
                decoupled,
                decay,
            } => {
                let lr = rate(lr, decay);
                let t = (step + 1) as f64;
                let (keep, coupled) = match decoupled {
                    true => ((1.0 - lr * weight_decay) as f32, 0.0),
                    false => (1.0, weight_decay),
                };
                let kind = Kind::Adam {
                    mean: shares(beta1),
                    square: shares(beta2),
                    eps: eps as f32,
                    keep,
                };
                let root = libm::sqrt(1.0 - libm::pow(beta2, t));
                (kind, lr * root / (1.0 - libm::pow(beta1, t)), coupled)
            }
        };
        Self {
            kind,
            lr: lr as f32,
            scale: scale as f32,
            coupled: coupled as f32,
        }
    }

    fn apply(&self, w: &mut [f32], g: &mut [f32], a: &mut [f32], b: &mut [f32]) {
        update(self, w, g, a, b);
        g.fill(0.0);
    }
}

multiversion! {
    /// The formulas of [`Optimizer`].
    fn update(rule: &Rule, w: &mut [f32], g: &[f32], a: &mut [f32], b: &mut [f32]) {
        let Rule { kind, lr, scale, coupled } = *rule;
        let gradient = |g: f32, w: f32| scale * g + coupled * w;
        match kind {
            Kind::Plain => {
                w.iter_mut().zip(g).for_each(|(w, g)| *w -= lr * gradient(*g, *w));
            }
            Kind::Momentum { momentum, nesterov } => {
                for ((w, g), v) in w.iter_mut().zip(g).zip(a) {
                    let g = lr * gradient(*g, *w);
                    *v = momentum * *v + g;
                    *w -= if nesterov { g + momentum * *v } else { *v };
                }
            }
            Kind::RmsProp { square: [old, new], eps } => {
                for ((w, g), a) in w.iter_mut().zip(g).zip(a) {
                    let g = gradient(*g, *w);
                    *a = old * *a + new * g * g;
                    *w -= lr * g / (a.sqrt() + eps);
                }
            }
            Kind::Adam { mean, square, eps, keep } => {
                for (((w, g), m), v) in w.iter_mut().zip(g).zip(a).zip(b) {
                    let g = gradient(*g, *w);
                    *m = mean[0] * *m + mean[1] * g;
                    *v = square[0] * *v + square[1] * g * g;
                    *w = keep * *w - lr * *m / (v.sqrt() + eps);
                }
            }
        }
    }
}

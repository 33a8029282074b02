//! The machine that kernels run on, and what is best there.

use super::choice::{Choice, Method};
use super::conv::method;
use super::simd::{self, Level};
use super::sizes::bounded;
use super::tuning::Tuning;
use crate::plan::{Element, Op};
use crate::{Error, ErrorKind, Precision};
use alloc::format;

/// A CPU as kernels see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Machine {
    level: Level,
    winograd: bool,
    precision: Precision,
}

/// The machine at hand.
impl Default for Machine {
    fn default() -> Self {
        Self::here()
    }
}

impl Machine {
    /// The machine at hand.
    #[must_use]
    pub fn here() -> Self {
        Self {
            level: simd::level(),
            winograd: true,
            precision: Precision::F32,
        }
    }

    /// The same machine, where layers that gain by it compute less exactly when they infer.
    #[must_use]
    pub fn with_precision(self, precision: Precision) -> Self {
        Self { precision, ..self }
    }

    /// The same machine as if it had no better instructions than these: for tests and experiments. It holds for convolutions, transposed
    /// or not, and fully connected layers, to infer and to train. All other kernels take the best, and give the same bits at each level.
    ///
    /// # Errors
    /// With [`ErrorKind::Choice`], if this machine cannot run the level.
    pub fn with_level(self, level: Level) -> Result<Self, Error> {
        if level > simd::level() {
            let problem = format!("this CPU has no {level}; its best is {}", simd::level());
            return Err(Error::new(ErrorKind::Choice, problem));
        }
        Ok(Self { level, ..self })
    }

    /// The same machine, where no convolution is computed by Winograd's method: slower, and nearer to the exact sums.
    #[must_use]
    pub fn without_winograd(self) -> Self {
        Self {
            winograd: false,
            ..self
        }
    }

    /// Whether convolutions may be computed by Winograd's method.
    #[must_use]
    pub fn winograd(self) -> bool {
        self.winograd
    }

    /// How exactly layers that gain by less compute.
    #[must_use]
    pub fn precision(self) -> Precision {
        self.precision
    }

    /// The instructions that kernels may use.
    #[must_use]
    pub fn level(self) -> Level {
        self.level
    }

    /// How the operation is computed on this machine, unless something else is asked for.
    #[must_use]
    pub fn choice(self, op: &Op) -> Choice {
        Choice {
            precision: self.element(op),
            ..self.choice_for(op, 1)
        }
    }

    /// The same in training: for batches of some images.
    #[must_use]
    pub fn choice_in_training(self, op: &Op) -> Choice {
        self.choice_for(op, method::TRAINED)
    }

    /// What the weights of an operation are stored as: bf16 where it was asked for, and where more of them than a cache holds pass by once.
    fn element(self, op: &Op) -> Element {
        let streamed = match op {
            Op::Fc(d) => {
                let [h, w, c] = d.input;
                bounded([h, w, c, d.units]) >= Tuning::of(self.level).streamed_weights
            }
            _ => false,
        };
        match self.precision {
            Precision::Bf16 if streamed => Element::Bf16,
            _ => Element::F32,
        }
    }

    fn choice_for(self, op: &Op, images: usize) -> Choice {
        let (method, level) = match (op, op.convolution()) {
            (_, Some(d)) if self.winograd => (method::best(&d, self.level, images), self.level),
            (_, Some(d)) => (method::exact(&d, self.level), self.level),
            (Op::Deconv(_) | Op::Fc(_), _) => (Method::Direct, self.level),
            _ => (Method::Only, simd::level()),
        };
        Choice {
            method,
            level,
            precision: Element::F32,
            winograd: self.winograd,
        }
    }

    /// The ways to compute the operation.
    pub fn methods(self, op: &Op) -> impl Iterator<Item = Method> + use<> {
        let chosen = self.choice(op).method;
        let convolution = op.convolution();
        let others = Method::ALL.iter().copied();
        others.filter(move |method| match &convolution {
            Some(d) => method::can(d, *method, self.level),
            None => *method == chosen,
        })
    }
}

//! What all descriptors share: how they are declared, and arithmetic over shapes that cannot overflow.

use super::{Op, Operation, Rows};

/// The default of a field that has no usual value: a size that every descriptor gives.
pub(super) trait Blank {
    const BLANK: Self;
}

impl Blank for usize {
    const BLANK: Self = 0;
}

impl Blank for [usize; 3] {
    const BLANK: Self = [0; 3];
}

/// Declares descriptors: plain data, `const`-constructible, with defaults that the emitter leaves out.
macro_rules! descriptors {
    ($($(#[$doc:meta])* $name:ident {
        $($(#[$fdoc:meta])* $field:ident: $ty:ty $(= $default:expr)?,)*
    })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq)]
        pub struct $name {
            $($(#[$fdoc])* pub $field: $ty,)*
        }

        impl $name {
            /// The usual values; the emitter prints only what differs from them.
            pub const DEFAULT: Self = Self {
                $($field: $crate::ops::descriptor::descriptors!(@default $ty $(, $default)?),)*
            };
        }

        impl Default for $name {
            fn default() -> Self { Self::DEFAULT }
        }

        impl $name {
            pub(super) fn fields(&self) -> alloc::vec::Vec<$crate::ops::Field> {
                alloc::vec![$($crate::ops::Field {
                    name: stringify!($field),
                    value: $crate::Literal::literal(&self.$field),
                    usual: self.$field == Self::DEFAULT.$field,
                    parts: $crate::literal::Valued::value(&self.$field),
                }),*]
            }
        }
    )*};
    (@default $ty:ty, $default:expr) => { $default };
    (@default $ty:ty) => { <$ty as $crate::ops::descriptor::Blank>::BLANK };
}
pub(super) use descriptors;

/// Declares a field that is one of several words.
macro_rules! words {
    ($($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $word:ident,)* })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name {
            $($(#[$vdoc])* $word,)*
        }

        impl $crate::Literal for $name {
            fn literal(&self) -> alloc::string::String {
                alloc::format!("plan::{}::{self:?}", stringify!($name))
            }
        }

        impl $crate::literal::Valued for $name {
            fn value(&self) -> $crate::literal::Value {
                $crate::literal::Value::Word(stringify!($name), alloc::format!("{self:?}"))
            }
        }
    )*};
}
pub(super) use words;

/// `input` and `with_input` of a descriptor: each has a field of that name.
macro_rules! input_field {
    () => {
        fn input(&self) -> [usize; 3] {
            self.input
        }

        fn with_input(mut self, input: [usize; 3]) -> Self {
            self.input = input;
            self
        }
    };
}
pub(super) use input_field;

/// The output has the input's shape.
macro_rules! same_shape {
    () => {
        $crate::ops::descriptor::input_field!();

        fn output(&self) -> [usize; 3] {
            self.input
        }
    };
}
pub(super) use same_shape;

/// The output has the input's shape, and may take its place.
macro_rules! in_place {
    () => {
        $crate::ops::descriptor::same_shape!();

        fn in_place(&self, _operand: usize) -> bool {
            true
        }
    };
}
pub(super) use in_place;

/// The field `act` is a fused activation.
macro_rules! fused {
    () => {
        fn act(&mut self) -> Option<&mut $crate::Act> {
            Some(&mut self.act)
        }
    };
}
pub(super) use fused;

/// What backward reads: a constant of [`Saved`](super::Saved).
macro_rules! saves {
    ($what:ident) => {
        fn saved(&self) -> $crate::ops::Saved {
            $crate::ops::Saved::$what
        }
    };
}
pub(super) use saves;

/// If these groups do not divide the channels.
pub(super) fn group_problem(groups: usize, channels: usize) -> Option<&'static str> {
    let divides = groups > 0 && channels.is_multiple_of(groups);
    (!divides).then_some("groups that do not divide the channels")
}

/// A window that slides over a picture.
#[derive(Clone, Copy)]
pub(super) struct Window {
    pub(super) size: [usize; 2],
    pub(super) stride: [usize; 2],
    pub(super) pad: [usize; 4],
    pub(super) dilation: [usize; 2],
}

impl Window {
    /// The rows that it sees of a picture.
    pub(super) fn rows(self, input: [usize; 3]) -> Rows {
        Rows {
            height: input[0],
            reach: (self.dilation[0].saturating_mul(self.size[0].saturating_sub(1)))
                .saturating_add(1),
            stride: self.stride[0],
            pad: self.pad[0],
        }
    }

    /// How many windows fit: `(size + padding - (dilation * (kernel - 1) + 1)) / stride + 1`, rounded down; 0 where none fits.
    pub(super) fn count(self, input: [usize; 3]) -> [usize; 2] {
        let fit = |axis: usize| {
            let padding = self.pad[2 * axis].checked_add(self.pad[2 * axis + 1])?;
            let padded = input[axis].checked_add(padding)?;
            let reach = self.dilation[axis].checked_mul(self.size[axis].checked_sub(1)?)?;
            let room = padded.checked_sub(reach.checked_add(1)?)?;
            room.checked_div(self.stride[axis])?.checked_add(1)
        };
        [fit(0).unwrap_or(0), fit(1).unwrap_or(0)]
    }

    /// Why the window cannot slide over such a picture, if so.
    pub(super) fn problem(self, input: [usize; 3]) -> Option<&'static str> {
        if self.size.contains(&0) || self.stride.contains(&0) || self.dilation.contains(&0) {
            return Some("a window, stride or dilation of 0");
        }
        let sizes = [self.size, self.stride, self.dilation];
        let sizes = sizes.as_flattened().iter().chain(&self.pad);
        let [h, w, c] = input;
        let [top, bottom, left, right] = self.pad;
        let padded = [
            h.saturating_add(top).saturating_add(bottom),
            w.saturating_add(left).saturating_add(right),
            c,
        ];
        if product(&padded) > LARGEST || sizes.into_iter().any(|n| *n as u64 > LARGEST) {
            return Some(TOO_LARGE);
        }
        self.count(input)
            .contains(&0)
            .then_some("a window that does not fit into the picture")
    }
}

/// If the product of these is larger than kernels can count.
pub(super) fn too_large(sizes: &[usize]) -> Option<&'static str> {
    (product(sizes) > LARGEST).then_some(TOO_LARGE)
}

/// The product, or the largest number where it is larger.
pub(super) fn product(sizes: &[usize]) -> u64 {
    let sizes = sizes.iter().map(|&n| n as u64);
    sizes.fold(1, u64::saturating_mul)
}

/// The most elements that a tensor may have, and the most that any number of a descriptor may be: sums of a few do not overflow, nor do
/// bytes.
const LARGEST: u64 = (isize::MAX / 64) as u64;

const TOO_LARGE: &str = "sizes that exceed the address space";

/// Sizes that are 0, or that kernels cannot count in.
pub(super) fn size_problem(op: &Op) -> Option<&'static str> {
    let (input, output) = (op.input(), op.output());
    if input.contains(&0) || output.contains(&0) {
        return Some("a picture without elements");
    }
    let tensors = op.tensors();
    let tensors = tensors.iter().map(|tensor| product(&tensor.shape));
    let sizes = tensors.chain([product(&input), product(&output)]);
    sizes
        .into_iter()
        .any(|size| size > LARGEST)
        .then_some(TOO_LARGE)
}

//! Sums of two pictures of bytes, or of bytes and of floats.

use super::map::pictures;
use super::{Quantisation, bounds};
use crate::Mem;
use crate::cpu::access::{AnySource, AnyTarget, Mixed, Target};
use crate::cpu::simd::multiversion;
use crate::cpu::sizes::{Sizes, bounded};
use crate::plan::{self, Act, Element, View};
use crate::threads::Threads;

/// `act(a + b)`, where each of the three is bytes or floats. May run in place on either input, or on both.
pub(crate) struct Add {
    sizes: Sizes,
    terms: Terms,
}

/// `a * scales[0] + b * scales[1] + shift` is the output's byte, between the bounds.
#[derive(Clone, Copy)]
pub(crate) struct Terms {
    pub(crate) scales: [f32; 2],
    pub(crate) shift: f32,
    pub(crate) bounds: [f32; 2],
}

impl Add {
    /// Whether its activation is one of bounds.
    pub(crate) fn fits(d: &plan::Add) -> bool {
        bounds(d.act).1 == Act::None
    }

    /// How bytes are quantised; nothing for floats.
    pub(crate) fn new(
        d: plan::Add,
        inputs: [Option<Quantisation>; 2],
        output: Option<Quantisation>,
    ) -> Self {
        let [a, b] = inputs.map(|x| x.unwrap_or(FLOATS));
        let y = output.unwrap_or(FLOATS);
        let scales = [a, b].map(|x| f64::from(x.scale) / f64::from(y.scale));
        let zeros = [a, b].map(|x| f64::from(x.zero_point));
        let shift = f64::from(y.zero_point) - scales[0] * zeros[0] - scales[1] * zeros[1];
        let (bounds, _) = bounds(d.act);
        Self {
            sizes: Sizes::of(d),
            terms: Terms {
                scales: scales.map(|scale| scale as f32),
                shift: shift as f32,
                bounds: match output {
                    Some(_) => bounds
                        .map(|bound| (bound / y.scale + f32::from(y.zero_point)).clamp(0.0, 255.0)),
                    None => bounds,
                },
            },
        }
    }

    /// What it computes with.
    pub(crate) fn terms(&self) -> Terms {
        self.terms
    }

    /// Computes the step.
    ///
    /// # Panics
    /// If the views do not fit the operation or the memory, or overlap without being the same.
    pub(crate) fn run(&self, mem: &mut Mem<'_, '_>, [a, b]: [View; 2], y: View) {
        if [a, b, y].iter().any(|view| view.element != Element::U8) {
            return self.mixed(mem, [a, b], y);
        }
        let cost = bounded([2, y.shape[1], y.shape[2]]);
        let terms = self.terms;
        let swapped = Terms {
            scales: [terms.scales[1], terms.scales[0]],
            ..terms
        };
        let output = self.sizes.output(y);
        let (views, terms) = match (a == y, b == y) {
            (false, false) => {
                let views = mem.mixed([self.sizes.input(a), self.sizes.operand(1, b)], [output]);
                let (x, y, threads) = pictures(views);
                return y.for_rows(threads, cost, |mut out| {
                    let [a, b] = x.map(|x| x.pixels(out.image, out.y, 0..out.width()));
                    for (ox, (a, b)) in a.zip(b).enumerate() {
                        sum(terms, a, b, out.pixel(ox));
                    }
                });
            }
            (true, true) => {
                let ([], y, threads) = pictures(mem.mixed([], [output]));
                return y.for_rows(threads, cost, |mut out| {
                    (0..out.width()).for_each(|ox| twice(terms, out.pixel(ox)));
                });
            }
            (true, false) => (mem.mixed([self.sizes.operand(1, b)], [output]), swapped),
            (false, true) => (mem.mixed([self.sizes.input(a)], [output]), terms),
        };
        let ([x], y, threads) = pictures(views);
        y.for_rows(threads, cost, |mut out| {
            for (ox, x) in x.pixels(out.image, out.y, 0..out.width()).enumerate() {
                accumulate(terms, x, out.pixel(ox));
            }
        });
    }
}

/// Floats stand for themselves.
const FLOATS: Quantisation = Quantisation {
    scale: 1.0,
    zero_point: 0,
};

impl Add {
    /// As [`run`](Self::run), where not all are bytes.
    fn mixed(&self, mem: &mut Mem<'_, '_>, [a, b]: [View; 2], y: View) {
        let output = self.sizes.output(y);
        let terms = self.terms;
        let swapped = Terms {
            scales: [terms.scales[1], terms.scales[0]],
            ..terms
        };
        match (a == y, b == y) {
            (true, _) => terms_of(swapped, mem.mixed([self.sizes.operand(1, b)], [output])),
            (false, true) => terms_of(terms, mem.mixed([self.sizes.input(a)], [output])),
            (false, false) => {
                let inputs = [self.sizes.input(a), self.sizes.operand(1, b)];
                terms_of(terms, mem.mixed(inputs, [output]));
            }
        }
    }
}

/// The sum of what is read, and of what is there where that is one picture.
fn terms_of<const N: usize>(terms: Terms, views: Mixed<'_, N>) {
    let Mixed { x, y, threads, .. } = views;
    match y[0] {
        AnyTarget::F32(y) => numbers(terms, &x, y, threads),
        AnyTarget::U8(y) => numbers(terms, &x, y, threads),
    }
}

fn numbers<T: Number>(terms: Terms, x: &[AnySource<'_>], y: Target<'_, T>, threads: Threads) {
    let [_, width, channels] = y.geometry.shape;
    y.for_rows(threads, bounded([2, width, channels]), |mut out| {
        let (image, line) = (out.image, out.y);
        for ox in 0..out.width() {
            let b = x.get(1).map(|b| Pixel::of(b, image, line, ox));
            match Pixel::of(&x[0], image, line, ox) {
                Pixel::F32(a) => with(terms, a, b, out.pixel(ox)),
                Pixel::U8(a) => with(terms, a, b, out.pixel(ox)),
            }
        }
    });
}

/// The channels of a pixel.
enum Pixel<'m> {
    F32(&'m [f32]),
    U8(&'m [u8]),
}

impl<'m> Pixel<'m> {
    fn of(picture: &AnySource<'m>, image: usize, y: usize, x: usize) -> Self {
        match picture {
            AnySource::F32(picture) => Pixel::F32(picture.pixel(image, y, x)),
            AnySource::U8(picture) => Pixel::U8(picture.pixel(image, y, x)),
        }
    }
}

/// The sum of `a` and `b`, or of `a` and what is there.
fn with<A: Number, T: Number>(terms: Terms, a: &[A], b: Option<Pixel<'_>>, y: &mut [T]) {
    match b {
        Some(Pixel::F32(b)) => both(terms, a, b, y),
        Some(Pixel::U8(b)) => both(terms, a, b, y),
        None => {
            for (y, a) in y.iter_mut().zip(a) {
                *y = T::of(terms.sum(a.number(), y.number()));
            }
        }
    }
}

fn both<A: Number, B: Number, T: Number>(terms: Terms, a: &[A], b: &[B], y: &mut [T]) {
    for ((y, a), b) in y.iter_mut().zip(a).zip(b) {
        *y = T::of(terms.sum(a.number(), b.number()));
    }
}

/// A float or a byte.
trait Number: bytemuck::Pod + Send + Sync {
    fn number(self) -> f32;
    /// Of a number between the bounds.
    fn of(number: f32) -> Self;
}

impl Number for f32 {
    fn number(self) -> f32 {
        self
    }
    fn of(number: f32) -> Self {
        number
    }
}

impl Number for u8 {
    fn number(self) -> f32 {
        self.into()
    }
    fn of(number: f32) -> Self {
        super::round(number)
    }
}

impl Terms {
    /// Between the bounds; the lower one for a NaN.
    #[inline(always)]
    fn sum(&self, a: f32, b: f32) -> f32 {
        let [low, high] = self.bounds;
        let x = a * self.scales[0] + b * self.scales[1] + self.shift;
        let x = if x > low { x } else { low };
        if x < high { x } else { high }
    }

    #[inline(always)]
    fn byte(&self, a: u8, b: u8) -> u8 {
        super::round(self.sum(a.into(), b.into()))
    }
}

multiversion! {
    fn sum(terms: Terms, a: &[u8], b: &[u8], y: &mut [u8]) {
        for ((y, a), b) in y.iter_mut().zip(a).zip(b) {
            *y = terms.byte(*a, *b);
        }
    }
}

multiversion! {
    fn accumulate(terms: Terms, x: &[u8], y: &mut [u8]) {
        y.iter_mut().zip(x).for_each(|(y, x)| *y = terms.byte(*x, *y));
    }
}

multiversion! {
    fn twice(terms: Terms, y: &mut [u8]) {
        y.iter_mut().for_each(|y| *y = terms.byte(*y, *y));
    }
}

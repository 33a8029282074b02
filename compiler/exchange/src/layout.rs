//! How the axes of a foreign tensor lie in a value of netc.
//!
//! A value here is `[h, w, c]` per image. Elsewhere the same numbers are a tensor of any rank: `[n, c, h, w]`, `[n, c * h * w]` after a
//! flatten, `[n, 2, c / 2, h, w]` in the middle of a shuffle. A [`Layout`] says for each axis of that tensor which parts of which
//! axes of the value it runs over, so that reshaping and transposing compute nothing: only what reads the value in the end decides
//! whether its order is one that netc has.

/// An axis of a value, the batch included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Axis {
    Batch,
    Height,
    Width,
    Channel,
}

/// A part of an axis: `size` steps of `stride` cells. Parts of one step are left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Part {
    pub(crate) axis: Axis,
    pub(crate) size: usize,
    pub(crate) stride: usize,
}

/// What each axis of a tensor runs over, from the slowest part to the fastest.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Layout(Vec<Vec<Part>>);

/// Parts that follow on each other become one.
fn joined(parts: impl IntoIterator<Item = Part>) -> Vec<Part> {
    let mut all: Vec<Part> = Vec::new();
    for part in parts {
        match all.last_mut() {
            Some(last) if last.axis == part.axis && last.stride == part.stride * part.size => {
                last.size *= part.size;
                last.stride = part.stride;
            }
            _ => all.push(part),
        }
    }
    all
}

impl Layout {
    /// A tensor with these axes, whole and in this order.
    pub(crate) fn of(axes: &[(Axis, usize)]) -> Self {
        let whole = |(axis, size): &(Axis, usize)| {
            let part = Part {
                axis: *axis,
                size: *size,
                stride: 1,
            };
            Some(part).filter(|part| part.size != 1)
        };
        Self(
            axes.iter()
                .map(|a| whole(a).into_iter().collect())
                .collect(),
        )
    }

    /// `[n, c, h, w]`
    pub(crate) fn nchw(batch: usize, [h, w, c]: [usize; 3]) -> Self {
        Self::of(&[
            (Axis::Batch, batch),
            (Axis::Channel, c),
            (Axis::Height, h),
            (Axis::Width, w),
        ])
    }

    /// `[n, h, w, c]`
    pub(crate) fn nhwc(batch: usize, [h, w, c]: [usize; 3]) -> Self {
        Self::nchw(batch, [h, w, c]).permuted(&[0, 2, 3, 1])
    }

    /// `[n, units]`
    pub(crate) fn vector(batch: usize, units: usize) -> Self {
        Self::of(&[(Axis::Batch, batch), (Axis::Channel, units)])
    }

    /// The tensor's shape.
    pub(crate) fn dims(&self) -> Vec<usize> {
        let size = |parts: &Vec<Part>| parts.iter().map(|part| part.size).product();
        self.0.iter().map(size).collect()
    }

    pub(crate) fn rank(&self) -> usize {
        self.0.len()
    }

    /// The axes in another order; the order is one of all axes.
    pub(crate) fn permuted(&self, order: &[usize]) -> Self {
        Self(order.iter().map(|axis| self.0[*axis].clone()).collect())
    }

    /// The tensor in another shape of as many numbers; `None` where the sizes cut through parts.
    pub(crate) fn reshaped(&self, dims: &[usize]) -> Option<Self> {
        let mut rest: Vec<Part> = joined(self.0.iter().flatten().copied());
        rest.reverse();
        let mut axes = Vec::with_capacity(dims.len());
        for dim in dims {
            let mut axis = Vec::new();
            let mut left = *dim;
            while left > 1 {
                let part = rest.pop()?;
                if left.is_multiple_of(part.size) {
                    left /= part.size;
                    axis.push(part);
                } else if part.size.is_multiple_of(left) {
                    let inner = part.size / left;
                    axis.push(Part {
                        size: left,
                        stride: part.stride * inner,
                        ..part
                    });
                    rest.push(Part {
                        size: inner,
                        ..part
                    });
                    left = 1;
                } else {
                    return None;
                }
            }
            axes.push(joined(axis));
        }
        rest.is_empty().then_some(Self(axes))
    }

    /// Without an axis of size 1.
    pub(crate) fn without(&self, axis: usize) -> Option<Self> {
        let mut axes = self.0.clone();
        axes.get(axis)?.is_empty().then(|| axes.remove(axis))?;
        Some(Self(axes))
    }

    /// With an axis of size 1.
    pub(crate) fn with(&self, axis: usize) -> Self {
        let mut axes = self.0.clone();
        axes.insert(axis.min(axes.len()), Vec::new());
        Self(axes)
    }

    /// With the same axes, of a value whose axis has another size. The axis is whole where it stands.
    pub(crate) fn resized(&self, axis: Axis, size: usize, at: usize) -> Self {
        let mut axes = self.0.clone();
        axes[at] = Self::of(&[(axis, size)]).0.remove(0);
        Self(axes)
    }

    /// Whether this axis of the tensor is a whole axis of a value, where it has `size` cells.
    pub(crate) fn is_whole(&self, at: usize, axis: Axis, size: usize) -> bool {
        let whole = Self::of(&[(axis, size)]);
        self.0
            .get(at)
            .is_some_and(|parts| joined(parts.iter().copied()) == whole.0[0])
    }

    /// The axis of the tensor that is this whole axis of the value. Where the value's has one cell, any axis of size 1 is.
    pub(crate) fn place(&self, axis: Axis, size: usize) -> Option<usize> {
        (0..self.rank()).find(|at| self.is_whole(*at, axis, size))
    }

    /// The tensor's axes but the batch's, as they run.
    pub(crate) fn run(&self) -> Vec<Part> {
        let parts = self.0.iter().flatten().copied();
        joined(parts.filter(|part| part.axis != Axis::Batch))
    }

    /// Whether the first axis is the batch, or there is no more than one image.
    pub(crate) fn batch_first(&self, batch: usize) -> bool {
        batch == 1 || self.is_whole(0, Axis::Batch, batch)
    }

    /// The parts of one axis.
    pub(crate) fn parts(&self, at: usize) -> Vec<Part> {
        joined(self.0[at].iter().copied())
    }
}

/// For each number of an image, as parts run over it, its place in a value of this shape.
pub(crate) fn places(run: &[Part], [_, w, c]: [usize; 3]) -> Vec<usize> {
    let mut places = vec![0];
    for part in run {
        let unit = match part.axis {
            Axis::Batch => 0,
            Axis::Height => w * c,
            Axis::Width => c,
            Axis::Channel => 1,
        };
        let step = part.stride * unit;
        let deeper = |place: &usize| {
            let place = *place;
            (0..part.size).map(move |i| place + i * step)
        };
        places = places.iter().flat_map(deeper).collect();
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flatten_runs_over_channels_first() {
        let flat = Layout::nchw(1, [2, 3, 4]).reshaped(&[1, 24]);
        let run = flat.map(|flat| flat.run()).unwrap_or_default();
        let places = places(&run, [2, 3, 4]);
        // Channel 0 of all six pixels, then channel 1.
        assert_eq!(places[..7], [0, 4, 8, 12, 16, 20, 1]);
    }

    #[test]
    fn a_shuffle_is_seen() {
        let split = Layout::nchw(1, [5, 5, 6]).reshaped(&[1, 2, 3, 5, 5]);
        let mixed =
            split.and_then(|split| split.permuted(&[0, 2, 1, 3, 4]).reshaped(&[1, 6, 5, 5]));
        let parts = mixed.map(|mixed| mixed.parts(1)).unwrap_or_default();
        let sizes: Vec<_> = parts.iter().map(|part| (part.size, part.stride)).collect();
        assert_eq!(sizes, [(3, 1), (2, 3)]);
    }

    #[test]
    fn there_and_back_is_as_before() {
        let picture = Layout::nchw(2, [4, 4, 8]);
        let back = picture
            .reshaped(&[2, 128])
            .and_then(|flat| flat.reshaped(&[2, 8, 4, 4]));
        assert_eq!(back, Some(picture.clone()));
        assert_eq!(picture.reshaped(&[2, 3, 43]), None);
    }
}

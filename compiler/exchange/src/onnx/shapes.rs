//! The arithmetic of ONNX's shapes, for constants and data alike.

use super::step::{Done, Step, counted};

/// The shape that Reshape asks for: 0 keeps a size, -1 is what is left.
pub(crate) fn reshaped(dims: &[usize], asked: &[i64], allow_zero: bool) -> Done<Vec<usize>> {
    let total: usize = dims.iter().product();
    let mut sizes = Vec::with_capacity(asked.len());
    let mut open = None;
    for (at, n) in asked.iter().enumerate() {
        sizes.push(match n {
            0 if !allow_zero => *dims
                .get(at)
                .ok_or("its shape keeps an axis that is not there")?,
            -1 if open.is_none() => {
                open = Some(at);
                1
            }
            n => usize::try_from(*n).map_err(|_| format!("it asks for the size {n}"))?,
        });
    }
    let known = sizes.iter().try_fold(1_usize, |all, n| all.checked_mul(*n));
    let known = known.ok_or("its shape is too large")?;
    if let Some(at) = open {
        sizes[at] = total.checked_div(known).unwrap_or(0);
    }
    match sizes.iter().product::<usize>() == total {
        true => Ok(sizes),
        false => Err(format!("it makes {asked:?} of {dims:?}").into()),
    }
}

/// Two axes, parted before this one.
pub(crate) fn flattened(dims: &[usize], axis: i64) -> Done<Vec<usize>> {
    let rank = dims.len();
    let at = if axis == rank as i64 {
        Some(rank)
    } else {
        counted(axis, rank)
    };
    let at = at.ok_or_else(|| format!("it has no axis {axis}"))?;
    Ok(vec![
        dims[..at].iter().product(),
        dims[at..].iter().product(),
    ])
}

/// The axes that go: those that are asked for, or all of size 1.
pub(crate) fn squeezed(dims: &[usize], axes: Option<&[i64]>) -> Done<Vec<usize>> {
    let Some(axes) = axes else {
        return Ok((0..dims.len()).filter(|at| dims[*at] == 1).collect());
    };
    let place = |axis: &i64| {
        let at = counted(*axis, dims.len());
        let at = at.filter(|at| dims[*at] == 1);
        at.ok_or_else(|| format!("its axis {axis} is not of size 1").into())
    };
    axes.iter().map(place).collect()
}

/// Where axes come in, in the order in which they are to be put there.
pub(crate) fn unsqueezed(rank: usize, axes: &[i64]) -> Done<Vec<usize>> {
    let new = rank + axes.len();
    let place = |axis: &i64| counted(*axis, new).ok_or_else(|| format!("it has no axis {axis}"));
    let mut places: Vec<usize> = axes.iter().map(place).collect::<Result<_, _>>()?;
    places.sort_unstable();
    let twice = places.windows(2).any(|pair| pair[0] == pair[1]);
    if twice {
        Err("its axes are named twice".into())
    } else {
        Ok(places)
    }
}

/// An order of all axes; the other way round where none is given.
pub(crate) fn order(rank: usize, perm: Option<&[i64]>) -> Done<Vec<usize>> {
    let Some(perm) = perm else {
        return Ok((0..rank).rev().collect());
    };
    let order: Option<Vec<usize>> = perm.iter().map(|axis| counted(*axis, rank)).collect();
    let order = order.ok_or("its axes are not there")?;
    let mut sorted = order.clone();
    sorted.sort_unstable();
    match sorted.into_iter().eq(0..rank) {
        true => Ok(order),
        false => Err("its order does not name each axis once".into()),
    }
}

/// The shape of two tensors that are spread over each other.
pub(crate) fn broadcast(a: &[usize], b: &[usize]) -> Option<Vec<usize>> {
    let rank = a.len().max(b.len());
    let size = |dims: &[usize], at: usize| match (at + dims.len()).checked_sub(rank) {
        Some(at) => dims[at],
        None => 1,
    };
    let both = |at: usize| match (size(a, at), size(b, at)) {
        (x, y) if x == y => Some(x),
        (1, y) => Some(y),
        (x, 1) => Some(x),
        _ => None,
    };
    (0..rank).map(both).collect()
}

/// For each number of the larger shape its place in the smaller one.
pub(crate) fn spread(from: &[usize], to: &[usize]) -> Vec<usize> {
    // The axes before one of no numbers may be of any size.
    if to.contains(&0) {
        return Vec::new();
    }
    let missing = to.len() - from.len();
    let mut places = vec![0];
    for (at, size) in to.iter().enumerate() {
        let own = at.checked_sub(missing).map_or(1, |at| from[at]);
        let inner: usize = from.iter().skip((at + 1).saturating_sub(missing)).product();
        let stride = if own == 1 { 0 } else { inner };
        let deeper = |place: &usize| {
            let place = *place;
            (0..*size).map(move |i| place + i * stride)
        };
        places = places.iter().flat_map(deeper).collect();
    }
    places
}

/// What Slice takes of an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cut {
    pub(crate) from: usize,
    /// The one after the last; for a step below 0, the places are still from the higher to the lower one.
    pub(crate) count: usize,
    pub(crate) step: i64,
}

impl Cut {
    pub(crate) fn places(&self) -> Vec<usize> {
        let place = |i: usize| (self.from as i64 + i as i64 * self.step) as usize;
        (0..self.count).map(place).collect()
    }
}

/// What Slice takes of each axis; `None` where it takes all.
pub(crate) fn cuts(step: &Step<'_>, dims: &[usize]) -> Done<Vec<Option<Cut>>> {
    let starts = step.numbers("starts", 1)?.ok_or("its starts are missing")?;
    let ends = step.numbers("ends", 2)?.ok_or("its ends are missing")?;
    let axes = step.numbers("axes", 3)?;
    let axes = axes.unwrap_or_else(|| (0..starts.len() as i64).collect());
    let steps = step
        .given(4)?
        .map(|t| t.to_ints().ok_or("its steps are no whole numbers"));
    let steps = steps.transpose()?.unwrap_or_else(|| vec![1; starts.len()]);
    if [ends.len(), axes.len(), steps.len()] != [starts.len(); 3] {
        return Err("its starts, ends, axes and steps are not as many".into());
    }
    let mut cuts = vec![None; dims.len()];
    for (at, axis) in axes.iter().enumerate() {
        let axis = step.axis(*axis, dims.len())?;
        let cut = cut(dims[axis], starts[at], ends[at], steps[at])?;
        let all = cut.from == 0 && cut.count == dims[axis] && cut.step == 1;
        cuts[axis] = (!all).then_some(cut);
    }
    Ok(cuts)
}

fn cut(size: usize, start: i64, end: i64, step: i64) -> Done<Cut> {
    let size = size as i64;
    let (low, high) = if step > 0 { (0, size) } else { (-1, size - 1) };
    let place = |n: i64| {
        let n = if n < 0 { n.saturating_add(size) } else { n };
        n.clamp(low, high)
    };
    let (from, to) = (place(start), place(end));
    let span = if step > 0 { to - from } else { from - to };
    let reach = i64::try_from(step.unsigned_abs()).unwrap_or(i64::MAX);
    if step == 0 || span <= 0 || from < 0 {
        return Err("it takes nothing".into());
    }
    let count = (span - 1) / reach + 1;
    Ok(Cut {
        from: from as usize,
        count: count as usize,
        step,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_are_reshaped() {
        assert_eq!(reshaped(&[2, 3, 4], &[0, -1], false), Ok(vec![2, 12]));
        assert!(reshaped(&[2, 3], &[4, -1], false).is_err());
        assert!(reshaped(&[2, 3], &[0, 0, 0], false).is_err());
        assert!(reshaped(&[2, 3], &[-1, -1], false).is_err());
        assert!(reshaped(&[2, 3], &[i64::MAX, 2], false).is_err());
    }

    #[test]
    fn small_tensors_are_spread() {
        assert_eq!(broadcast(&[3, 1], &[2]), Some(vec![3, 2]));
        assert_eq!(broadcast(&[3], &[2]), None);
        assert_eq!(spread(&[3, 1], &[3, 2]), [0, 0, 1, 1, 2, 2]);
        assert_eq!(spread(&[2], &[2, 2]), [0, 1, 0, 1]);
        assert_eq!(spread(&[], &[2]), [0, 0]);
        assert_eq!(spread(&[1, 0], &[usize::MAX, 0]), [0_usize; 0]);
    }

    #[test]
    fn slices_are_clamped() {
        let places = |start, end, step| cut(5, start, end, step).map(|cut| cut.places());
        assert_eq!(places(1, i64::MAX, 2), Ok(vec![1, 3]));
        assert_eq!(places(-2, 99, 1), Ok(vec![3, 4]));
        assert_eq!(places(-1, i64::MIN, -2), Ok(vec![4, 2, 0]));
        assert!(places(3, 3, 1).is_err() && places(0, 5, 0).is_err());
    }
}

//! Sums over a slice in a fixed order that fills vectors: the same bits for every set of instructions.

/// Partial sums, one to every so many elements; they are added in pairs. As many as the compiler keeps in registers.
const LANES: usize = 16;

/// The sum of `term` over the elements of slices of one length. To be used inside functions that are compiled for several instruction sets.
#[inline(always)]
pub(crate) fn sum<const N: usize>(slices: [&[f32]; N], term: impl Fn([f32; N]) -> f32) -> f32 {
    let mut lanes = [0.0; LANES];
    let (parts, rests) = (slices.map(<[f32]>::as_chunks::<LANES>), slices);
    let whole = parts.iter().map(|(whole, _)| whole.len()).min();
    let whole = whole.unwrap_or(0);
    for i in 0..whole {
        let part: [&[f32; LANES]; N] = core::array::from_fn(|n| &parts[n].0[i]);
        for (lane, sum) in lanes.iter_mut().enumerate() {
            *sum += term(part.map(|part| part[lane]));
        }
    }
    let rests = rests.map(|slice| &slice[whole * LANES..]);
    let rest = rests.iter().map(|rest| rest.len()).min();
    for (i, sum) in lanes.iter_mut().enumerate().take(rest.unwrap_or(0)) {
        *sum += term(rests.map(|rest| rest[i]));
    }
    let mut count = LANES;
    while count > 1 {
        count /= 2;
        let (low, high) = lanes.split_at_mut(count);
        low.iter_mut()
            .zip(high)
            .for_each(|(low, high)| *low += *high);
    }
    lanes[0]
}

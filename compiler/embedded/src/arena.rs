//! A place for each buffer: those that are alive at the same time do not overlap, and all together take little memory.

/// Size and time of a buffer: written first by step `from`, read last by step `to`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lifetime {
    pub(crate) bytes: usize,
    pub(crate) from: usize,
    pub(crate) to: usize,
}

/// Offsets are multiples of this many bytes: a word.
const ALIGN: usize = 4;

/// How many other orders are tried where the first is not known to be the best.
const TRIES: usize = 2_000;

/// The offset of each buffer, and the size of the arena.
///
/// Buffers are placed one after the other, each as low as it can lie, the largest first. No arena is smaller than what is alive at one time: where the
/// first order needs more, two buffers change their places in the order as long as that helps, or for some tries.
pub(crate) fn pack(buffers: &[Lifetime]) -> (Vec<usize>, usize) {
    let least = least(buffers);
    let mut order: Vec<usize> = (0..buffers.len()).collect();
    order.sort_by_key(|i| std::cmp::Reverse(buffers[*i].bytes));
    let (mut offsets, mut size) = placed(buffers, &order);
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut random = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 33) as usize % below
    };
    for _ in 0..TRIES {
        if size == least || buffers.len() < 2 {
            break;
        }
        let (a, b) = (random(buffers.len()), random(buffers.len()));
        order.swap(a, b);
        let other = placed(buffers, &order);
        // As good is taken too: it may lead to what is better.
        if other.1 <= size {
            (offsets, size) = other;
        } else {
            order.swap(a, b);
        }
    }
    (offsets, size)
}

fn aligned(bytes: usize) -> usize {
    bytes.next_multiple_of(ALIGN)
}

/// What is alive at the worst time.
fn least(buffers: &[Lifetime]) -> usize {
    let alive = |time: usize| {
        let there = buffers.iter().filter(|b| b.from <= time && time <= b.to);
        there.map(|b| aligned(b.bytes)).sum()
    };
    buffers.iter().map(|b| alive(b.from)).max().unwrap_or(0)
}

fn placed(buffers: &[Lifetime], order: &[usize]) -> (Vec<usize>, usize) {
    let mut offsets = vec![0; buffers.len()];
    let mut size = 0;
    for (rank, &i) in order.iter().enumerate() {
        let buffer = buffers[i];
        let mut others: Vec<(usize, usize)> = order[..rank]
            .iter()
            .filter(|j| buffers[**j].from <= buffer.to && buffer.from <= buffers[**j].to)
            .map(|j| (offsets[*j], offsets[*j] + aligned(buffers[*j].bytes)))
            .collect();
        others.sort_unstable();
        let mut at = 0;
        for (first, end) in others {
            if first >= at + aligned(buffer.bytes) {
                break;
            }
            at = at.max(end);
        }
        offsets[i] = at;
        size = size.max(at + aligned(buffer.bytes));
    }
    (offsets, size)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn buffers(all: &[(usize, usize, usize)]) -> Vec<Lifetime> {
        let buffer = |(bytes, from, to): &(usize, usize, usize)| Lifetime {
            bytes: *bytes,
            from: *from,
            to: *to,
        };
        all.iter().map(buffer).collect()
    }

    #[test]
    fn a_chain_takes_its_largest_pair() {
        let chain = buffers(&[
            (1000, 0, 1),
            (300, 1, 2),
            (700, 2, 3),
            (650, 3, 4),
            (10, 4, 5),
        ]);
        let (offsets, size) = pack(&chain);
        assert_eq!(size, 1352);
        assert!(offsets.iter().all(|at| at.is_multiple_of(4)));
    }

    #[test]
    fn what_is_alive_together_is_apart() {
        let mut state = 7_u64;
        let mut random = |below: u64| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(99);
            ((state >> 33) % below) as usize
        };
        for _ in 0..300 {
            let count = 2 + random(20);
            let all: Vec<Lifetime> = (0..count)
                .map(|from| Lifetime {
                    bytes: 1 + random(500),
                    from,
                    to: from + random(5),
                })
                .collect();
            let (offsets, size) = pack(&all);
            assert!(size >= least(&all));
            for (i, a) in all.iter().enumerate() {
                assert!(offsets[i] + a.bytes <= size);
                for (j, b) in all.iter().enumerate().filter(|(j, _)| *j != i) {
                    let together = a.from <= b.to && b.from <= a.to;
                    let apart =
                        offsets[i] + a.bytes <= offsets[j] || offsets[j] + b.bytes <= offsets[i];
                    assert!(!together || apart, "{a:?} {b:?} {offsets:?}");
                }
            }
        }
    }
}

//! Counter-based random numbers: a draw depends on its key (seed, epoch, image, operation) and its number alone, so the
//! result is the same for any number of threads and after any resume.

use netc_plan::random::{GOLDEN, mix};

/// A position in the space of random numbers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Key(u64);

/// What random numbers are for; the first word of each key.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Purpose {
    /// The order of the images in an epoch.
    Order = 1,
    /// The images of the validation set.
    Split = 2,
    /// The variation of a picture.
    Augment = 3,
}

impl Key {
    pub(crate) fn new(seed: u64, purpose: Purpose) -> Self {
        Self(mix(seed.wrapping_add(GOLDEN))).with(purpose as u64)
    }

    /// The key with one more word.
    pub(crate) fn with(self, word: u64) -> Self {
        Self(mix(self.0 ^ mix(word.wrapping_add(GOLDEN))))
    }

    /// The key as a device takes it that draws the same numbers.
    pub(crate) fn word(self) -> u64 {
        self.0
    }

    pub(crate) fn draws(self) -> Draws {
        Draws {
            key: self.0,
            count: 0,
        }
    }

    /// Puts the items into an order of this key's (Fisher and Yates).
    pub(crate) fn shuffle<T>(self, items: &mut [T]) {
        let mut draws = self.draws();
        for i in (1..items.len()).rev() {
            items.swap(i, draws.below(i + 1));
        }
    }
}

/// The numbers of one key, one after the other.
pub(crate) struct Draws {
    key: u64,
    count: u64,
}

impl Draws {
    fn bits(&mut self) -> u64 {
        self.count += 1;
        mix(self.key.wrapping_add(self.count.wrapping_mul(GOLDEN)))
    }

    /// Uniform in `[0, 1)`.
    pub(crate) fn uniform(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Uniform between the two.
    pub(crate) fn range(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.uniform()
    }

    /// A whole number from 0 to below `n`.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        ((u128::from(self.bits()) * n as u128) >> 64) as usize
    }

    /// Normal with standard deviation 1 (Box and Muller 1958).
    pub(crate) fn gauss(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.uniform()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.uniform()).cos()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_have_their_distributions() {
        let mut draws = Key::new(1, Purpose::Augment).with(2).with(3).draws();
        let n = 40_000;
        let uniform: f64 = (0..n).map(|_| draws.range(-1.0, 3.0)).sum::<f64>() / f64::from(n);
        assert!((uniform - 1.0).abs() < 0.02, "{uniform}");
        let normal: Vec<f64> = (0..n).map(|_| draws.gauss()).collect();
        let mean = normal.iter().sum::<f64>() / f64::from(n);
        let variance = normal.iter().map(|x| x * x).sum::<f64>() / f64::from(n);
        assert!(
            mean.abs() < 0.02 && (variance - 1.0).abs() < 0.03,
            "{mean} {variance}"
        );
        let mut counts = [0; 7];
        (0..n).for_each(|_| counts[draws.below(7)] += 1);
        assert!(
            counts.iter().all(|c| (5_400..6_050).contains(c)),
            "{counts:?}"
        );
    }

    #[test]
    fn orders_are_permutations_and_differ_by_key() {
        let order = |epoch| {
            let mut items: Vec<u32> = (0..100).collect();
            Key::new(7, Purpose::Order).with(epoch).shuffle(&mut items);
            items
        };
        assert_eq!(order(3), order(3));
        assert_ne!(order(3), order(4));
        let mut sorted = order(3);
        sorted.sort_unstable();
        assert!(sorted.iter().copied().eq(0..100));
    }
}

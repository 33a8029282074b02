//! Where two texts differ.

use std::ops::Range;

/// The part of a text that another has in place of a part of its own.
#[derive(Clone, Debug)]
pub(super) struct Change {
    /// In the old text.
    pub(super) old: Range<usize>,
    /// In the new one; it begins at the same offset.
    pub(super) new: Range<usize>,
}

impl Change {
    /// The smallest part outside which both pairs of texts, each an old and a new one, are the same. The old texts are of one length, and
    /// so are the new ones.
    pub(super) fn between(pairs: [(&str, &str); 2]) -> Self {
        let [(old, new), _] = pairs;
        let least = |count: fn(&str, &str) -> usize| {
            let [a, b] = pairs.map(|(old, new)| count(old, new));
            a.min(b)
        };
        let mut start = least(same_before);
        while !pairs
            .iter()
            .all(|(old, new)| old.is_char_boundary(start) && new.is_char_boundary(start))
        {
            start -= 1;
        }
        let shorter = old.len().min(new.len());
        let mut behind = least(same_behind).min(shorter - start);
        while !pairs.iter().all(|(old, new)| {
            old.is_char_boundary(old.len() - behind) && new.is_char_boundary(new.len() - behind)
        }) {
            behind -= 1;
        }
        Self {
            old: start..old.len() - behind,
            new: start..new.len() - behind,
        }
    }

    /// How much further back stands what is behind the change.
    pub(super) fn shift(&self) -> i64 {
        self.new.len() as i64 - self.old.len() as i64
    }
}

/// How many bytes both begin with.
fn same_before(a: &str, b: &str) -> usize {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let whole = a.chunks(64).zip(b.chunks(64));
    let at = 64 * whole.take_while(|(a, b)| a == b && a.len() == 64).count();
    let rest = a[at..].iter().zip(&b[at..]);
    at + rest.take_while(|(a, b)| a == b).count()
}

/// How many bytes both end in.
fn same_behind(a: &str, b: &str) -> usize {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let whole = a.rchunks(64).zip(b.rchunks(64));
    let at = 64 * whole.take_while(|(a, b)| a == b && a.len() == 64).count();
    let rest = a[..a.len() - at]
        .iter()
        .rev()
        .zip(b[..b.len() - at].iter().rev());
    at + rest.take_while(|(a, b)| a == b).count()
}

#[cfg(test)]
mod tests {
    use super::Change;

    #[test]
    fn what_is_the_same_before_and_behind_is_left_out() {
        let between = |old: &str, new: &str| {
            let change = Change::between([(old, new), (old, new)]);
            (change.old, change.new)
        };
        assert_eq!(between("a => b", "a => xb"), (5..5, 5..6));
        assert_eq!(between("aa", "aaa"), (2..2, 2..3));
        assert_eq!(between("abc", "abc"), (3..3, 3..3));
        assert_eq!(between("aéc", "aèc"), (1..3, 1..3));
        let long = "RELU => ".repeat(40);
        assert_eq!(between(&long, &long[8..]), (312..320, 312..312));
        let changed = Change::between([("a b c", "a b d"), ("a.b c", "a b d")]);
        assert_eq!(changed.old, 1..5);
    }
}

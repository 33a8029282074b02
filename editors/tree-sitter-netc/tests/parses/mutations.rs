//! Files with a few of their words taken away, written twice, exchanged, or put in from elsewhere.

use crate::texts::Text;
use netc_plan::random::SplitMix64 as Random;

/// Words, runs of space, and single signs.
fn tokens(text: &str) -> Vec<&str> {
    let kind = |c: char| (c.is_alphanumeric() || c == '_', c.is_whitespace());
    let mut tokens = Vec::new();
    let (mut start, mut last) = (0, None);
    for (at, c) in text.char_indices() {
        let runs_on = last == Some(kind(c)) && kind(c) != (false, false);
        if at > start && !runs_on {
            tokens.push(&text[start..at]);
            start = at;
        }
        last = Some(kind(c));
    }
    tokens.push(&text[start..]);
    tokens
}

pub(crate) fn of(files: &[Text], count: usize) -> Vec<String> {
    let seeds: Vec<Vec<&str>> = files
        .iter()
        .filter(|file| file.text.len() < 2_000)
        .map(|file| tokens(&file.text))
        .collect();
    let mut random = Random(1);
    let mutated = |_| {
        let mut text = seeds[random.below(seeds.len())].clone();
        for _ in 0..=random.below(3) {
            let (at, other) = (random.below(text.len()), random.below(text.len()));
            match random.below(4) {
                0 if text.len() > 1 => drop(text.remove(at)),
                1 => text.insert(at, text[at]),
                2 => text.swap(at, other),
                _ => {
                    let from = &seeds[random.below(seeds.len())];
                    text.insert(at, from[random.below(from.len())]);
                }
            }
        }
        text.concat()
    };
    (0..count).map(mutated).collect()
}

//! Names of tensors and modules, and the order that they suggest.

use std::cmp::Ordering;

/// What a tensor is to its layer, in netc's words: `weight`, `bias`, `running_mean` ...
///
/// Knows PyTorch's and Keras' names; any other stays as it is, and fits nothing.
pub(crate) fn role(last: &str) -> &str {
    match last {
        "kernel" | "depthwise_kernel" | "gamma" | "scale" | "layer_scale" => "weight",
        "beta" => "bias",
        "moving_mean" => "running_mean",
        "moving_variance" | "moving_var" => "running_var",
        other => other,
    }
}

/// Splits `features.0.weight` into the module `features.0` and `weight`; Keras writes `conv2d/kernel:0`.
pub(crate) fn split(name: &str) -> (&str, &str) {
    let name = name.strip_suffix(":0").unwrap_or(name);
    match name.rfind(['.', '/']) {
        Some(dot) => (&name[..dot], &name[dot + 1..]),
        None => ("", name),
    }
}

/// The components of a module's name.
pub(crate) fn components(module: &str) -> impl DoubleEndedIterator<Item = &str> {
    module.split(['.', '/']).filter(|c| !c.is_empty())
}

/// A component as a member of a series: what its words are, and which numbers and letters count.
///
/// Siblings with the same words stand in the order of what counts: `layer1`, `layer2`; `conv4_2`, `conv5_1`; `Mixed_5d`,
/// `Mixed_6a`; `conv2d`, `conv2d_1`. Others (`layer4`, `fc`; `branch5x5_1`, `branch3x3dbl_1`) stand in any order.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Member {
    pub(crate) words: Vec<String>,
    pub(crate) counts: Vec<Ordinal>,
}

/// Something that counts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Ordinal {
    Number(u64),
    /// One that follows a number, or is a component by itself.
    Letter(char),
}

/// Takes a component apart. A size (`3x3`) is a word.
pub(crate) fn member(component: &str) -> Member {
    let (mut words, mut counts) = (Vec::new(), Vec::new());
    let mut word = String::new();
    let mut rest = component;
    let mut after_number = false;
    while let Some(first) = rest.chars().next() {
        let size = size(rest);
        let number = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (taken, ordinal) = if size > 0 {
            (size, None)
        } else if number > 0 {
            (number, rest[..number].parse().ok().map(Ordinal::Number))
        } else if first.is_ascii_alphabetic()
            && (after_number || component.len() == 1)
            && !rest[1..].starts_with(|c: char| c.is_alphanumeric())
        {
            (1, Some(Ordinal::Letter(first)))
        } else {
            (first.len_utf8(), None)
        };
        after_number = ordinal.is_some() && number > 0;
        let separates = matches!(first, '_' | '-' | ' ');
        if ordinal.is_some() || separates {
            words.extend((!word.is_empty()).then(|| std::mem::take(&mut word)));
        } else {
            word.push_str(&rest[..taken]);
        }
        counts.extend(ordinal);
        rest = &rest[taken..];
    }
    words.extend((!word.is_empty()).then_some(word));
    Member { words, counts }
}

/// How much of the text's start is a size, such as `3x3` or `7x7x3`.
fn size(text: &str) -> usize {
    let (mut end, mut numbers) = (0, 0);
    loop {
        let digits = text[end..].bytes().take_while(u8::is_ascii_digit).count();
        if digits == 0 {
            break;
        }
        numbers += 1;
        end += digits;
        let goes_on = text[end..].strip_prefix('x');
        if !goes_on.is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit())) {
            break;
        }
        end += 1;
    }
    if numbers > 1 { end } else { 0 }
}

/// Where modules of this name usually stand: 0 at the front, 1 anywhere, 2 at the end.
pub(crate) fn place(component: &str) -> u8 {
    let words = member(component).words;
    let first = words.first().map(|word| word.to_ascii_lowercase());
    match first.as_deref().unwrap_or_default() {
        "stem" | "features" | "encoder" | "enc" | "down" | "backbone" | "embed" | "embedding"
        | "body" => 0,
        "classifier" | "head" | "fc" | "linear" | "dense" | "decoder" | "dec" | "up" | "out"
        | "output" | "logits" | "final" | "last" | "predictions" | "aux" => 2,
        _ => 1,
    }
}

/// Compares as people count: `layer2` before `layer10`, `features.9` before `features.10`.
pub(crate) fn natural(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a, b);
    loop {
        let (Some(x), Some(y)) = (a.chars().next(), b.chars().next()) else {
            return a.len().cmp(&b.len());
        };
        let order = if x.is_ascii_digit() && y.is_ascii_digit() {
            let (x, y) = (digits(&mut a), digits(&mut b));
            let (x0, y0) = (x.trim_start_matches('0'), y.trim_start_matches('0'));
            x0.len()
                .cmp(&y0.len())
                .then_with(|| x0.cmp(y0))
                .then_with(|| x.len().cmp(&y.len()))
        } else {
            a = &a[x.len_utf8()..];
            b = &b[y.len_utf8()..];
            x.cmp(&y)
        };
        if order != Ordering::Equal {
            return order;
        }
    }
}

/// Takes the digits from the front.
fn digits<'a>(text: &mut &'a str) -> &'a str {
    let end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    *text = rest;
    digits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn natural_order_counts() {
        let mut names = ["b", "a10", "a9", "a", "a09", "a1.2", "a1.10", "a1"];
        names.sort_by(|a, b| natural(a, b));
        assert_eq!(names, ["a", "a1", "a1.2", "a1.10", "a9", "a09", "a10", "b"]);
    }

    #[test]
    fn names_are_taken_apart() {
        assert_eq!(split("features.0.weight"), ("features.0", "weight"));
        assert_eq!(split("conv2d/kernel:0"), ("conv2d", "kernel"));
        assert_eq!(split("weight"), ("", "weight"));
    }

    #[test]
    fn series_are_told_apart() {
        let counts = |component| {
            let member = member(component);
            let count = |c: &Ordinal| match c {
                Ordinal::Number(n) => n.to_string(),
                Ordinal::Letter(c) => c.to_string(),
            };
            let counts: Vec<String> = member.counts.iter().map(count).collect();
            format!("{} {}", member.words.join("|"), counts.join(","))
        };
        for (component, wanted) in [
            ("layer10", "layer 10"),
            ("0", " 0"),
            ("a", " a"),
            ("fc", "fc "),
            ("expand3x3", "expand3x3 "),
            ("branch5x5_1", "branch5x5 1"),
            ("branch3x3dbl_3a", "branch3x3dbl 3,a"),
            ("branch7x7x3_4", "branch7x7x3 4"),
            ("branch_pool", "branch|pool "),
            ("Mixed_5b", "Mixed 5,b"),
            ("block1-0", "block 1,0"),
            ("conv4_2", "conv 4,2"),
            ("conv2d_12", "conv 2,d,12"),
            ("conv2_block1_3_bn", "conv|block|bn 2,1,3"),
            ("größe7", "größe 7"),
            ("99999999999999999999999", "99999999999999999999999 "),
        ] {
            assert_eq!(counts(component), wanted, "{component}");
        }
    }
}

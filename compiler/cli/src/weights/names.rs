//! Names of tensors and modules, and the order that they suggest.

use std::cmp::Ordering;

/// What a tensor is to its layer, in netc's words: `weight`, `bias`, `running_mean` ...
///
/// Knows PyTorch's and Keras' names; any other stays as it is, and fits nothing.
pub(crate) fn role(last: &str) -> &str {
    match last {
        "kernel" | "depthwise_kernel" | "gamma" | "scale" => "weight",
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

/// The letters that a component starts with: siblings with the same ones (`layer1`, `layer2`) stand in the order of their
/// numbers, others (`layer4`, `fc`) in any.
pub(crate) fn stem(component: &str) -> &str {
    let end = component
        .find(|c: char| !c.is_alphabetic())
        .unwrap_or(component.len());
    &component[..end]
}

/// The first number in a component.
pub(crate) fn number(component: &str) -> Option<u64> {
    let start = component.find(|c: char| c.is_ascii_digit())?;
    let digits = &component[start..];
    let end = digits
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(digits.len());
    digits[..end].parse().ok()
}

/// Where modules of this name usually stand: 0 at the front, 1 anywhere, 2 at the end.
pub(crate) fn place(component: &str) -> u8 {
    match stem(component).to_ascii_lowercase().as_str() {
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
        assert_eq!(stem("layer10"), "layer");
        assert_eq!(stem("0"), "");
        assert_eq!(number("expand3x3"), Some(3));
        assert_eq!(number("99999999999999999999999"), None);
    }
}

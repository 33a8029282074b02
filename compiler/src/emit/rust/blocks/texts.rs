//! What texts of layers have in common.

/// Texts of one layer as one, with the names of sizes in place of the numbers in which they differ, and `..` where nothing is known.
pub(super) fn common(texts: &[&str], name: &dyn Fn(&[usize]) -> Option<String>) -> String {
    if texts.iter().all(|text| *text == texts[0]) {
        return texts[0].to_owned();
    }
    let layers = |text: &&str| text.split(" + ").map(str::to_owned).collect();
    each(texts, layers, " + ", &|layers| layer(layers, name))
}

/// Does the same with each part of the texts, where they have as many.
fn each(
    texts: &[&str],
    split: impl Fn(&&str) -> Vec<String>,
    separator: &str,
    part: &dyn Fn(&[&str]) -> String,
) -> String {
    let parts: Vec<Vec<String>> = texts.iter().map(split).collect();
    if parts.iter().any(|other| other.len() != parts[0].len()) {
        return "..".to_owned();
    }
    let parts = (0..parts[0].len()).map(|i| {
        let parts: Vec<&str> = parts.iter().map(|parts| parts[i].as_str()).collect();
        part(&parts)
    });
    parts.collect::<Vec<String>>().join(separator)
}

/// `CONV(64, 3x3)`, `CONV(128, 3x3/2)`: `CONV(filters, ..)`
fn layer(texts: &[&str], name: &dyn Fn(&[usize]) -> Option<String>) -> String {
    let word = |text: &str| text.split('(').next().unwrap_or_default().to_owned();
    if texts.iter().any(|text| word(text) != word(texts[0])) {
        return "..".to_owned();
    }
    let options = |text: &&str| -> Vec<String> {
        let inside = text.split_once('(').map_or("", |(_, inside)| inside);
        let inside = inside.strip_suffix(')').unwrap_or(inside);
        inside.split(", ").map(str::to_owned).collect()
    };
    let options = each(texts, options, ", ", &|texts| option(texts, name));
    match options.as_str() {
        "" => word(texts[0]),
        options => format!("{}({options})", word(texts[0])),
    }
}

fn option(texts: &[&str], name: &dyn Fn(&[usize]) -> Option<String>) -> String {
    if texts.iter().all(|text| *text == texts[0]) {
        return texts[0].to_owned();
    }
    let numbers = |texts: &[&str]| -> Option<String> {
        let numbers: Option<Vec<usize>> = texts.iter().map(|text| text.parse().ok()).collect();
        name(&numbers?)
    };
    // A window is what its text says, and a stride 1 where it says none.
    let strides = || {
        let split = texts
            .iter()
            .map(|text| text.split_once('/').unwrap_or((text, "1")));
        let (windows, strides): (Vec<&str>, Vec<&str>) = split.unzip();
        let same = windows.iter().all(|window| *window == windows[0]);
        let stride = numbers(&strides).filter(|_| same)?;
        Some(format!("{}/{stride}", windows[0]))
    };
    numbers(texts)
        .or_else(strides)
        .unwrap_or_else(|| "..".to_owned())
}

#[cfg(test)]
mod tests {
    use super::common;

    #[test]
    fn differences_get_names() {
        let name = |numbers: &[usize]| (numbers == [64, 128]).then(|| "filters".to_owned());
        let both = |a, b| common(&[a, b], &name);
        assert_eq!(both("CONV(3, 1x1)", "CONV(3, 1x1)"), "CONV(3, 1x1)");
        assert_eq!(
            both("CONV(64, 3x3, same) + BN", "CONV(128, 3x3/2, same) + BN"),
            "CONV(filters, .., same) + BN"
        );
        let stride = |numbers: &[usize]| (numbers == [1, 2]).then(|| "stride".to_owned());
        assert_eq!(
            common(&["POOL(3x3)", "POOL(3x3/2)"], &stride),
            "POOL(3x3/stride)"
        );
        assert_eq!(both("CONV(64)", "CONV(65)"), "CONV(..)");
        assert_eq!(both("CONV(64)", "CONV(64, 2)"), "CONV(..)");
        assert_eq!(both("ADD + RELU", "ADD"), "..");
    }
}

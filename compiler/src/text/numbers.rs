//! Numbers as people read them.

use netc_plan::grouped;

/// `60,965,224`
#[must_use]
pub fn thousands(value: u64) -> String {
    grouped(value, ',')
}

/// `60_965_224`: a Rust literal.
pub(crate) fn literal(value: usize) -> String {
    grouped(value as u64, '_')
}

/// `232.6 MiB`
#[must_use]
pub fn bytes(value: u64) -> String {
    const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];
    if value < 1024 {
        return format!("{value} B");
    }
    let mut scaled = value as f64 / 1024.0;
    let mut unit = 0;
    while scaled >= 1024.0 && unit + 1 < UNITS.len() {
        scaled /= 1024.0;
        unit += 1;
    }
    format!("{scaled:.1} {}", UNITS[unit])
}

/// `55x55x96`, and `1000` for a vector or a single pixel.
pub(crate) fn shape(sizes: &[usize]) -> String {
    let sizes = match sizes {
        [1, 1, n] => std::slice::from_ref(n),
        sizes => sizes,
    };
    let sizes: Vec<String> = sizes.iter().map(usize::to_string).collect();
    sizes.join("x")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped() {
        assert_eq!(thousands(0), "0");
        assert_eq!(thousands(999), "999");
        assert_eq!(thousands(1_000), "1,000");
        assert_eq!(thousands(60_965_224), "60,965,224");
        assert_eq!(literal(580_800), "580_800");
        assert_eq!(bytes(1023), "1023 B");
        assert_eq!(bytes(1536), "1.5 KiB");
        assert_eq!(shape(&[1, 1, 10]), "10");
        assert_eq!(shape(&[2, 3, 10]), "2x3x10");
    }
}

//! The figures of a run as a person reads them.

use std::time::Duration;

/// A step that is done.
pub(super) struct Step {
    /// Its images, and those that the epoch has left.
    pub(super) images: usize,
    pub(super) left: usize,
    /// Means over the epoch so far.
    pub(super) loss: f64,
    pub(super) accuracy: f64,
    /// Of this step alone.
    pub(super) own_loss: f64,
    pub(super) own_accuracy: f64,
    pub(super) rate: f64,
}

/// Four digits: 0.0001, 1.235e-6, 1e6.
pub(crate) fn short(value: f64) -> String {
    let rounded: f64 = format!("{value:.3e}").parse().unwrap_or(value);
    if rounded != 0.0 && !(1e-4..1e6).contains(&rounded.abs()) {
        format!("{rounded:e}")
    } else {
        rounded.to_string()
    }
}

/// `12s`, `3:05`, `1:02:03`
pub(crate) fn time(duration: Duration) -> String {
    let all = duration.as_secs_f64().round() as u64;
    let (hours, minutes, seconds) = (all / 3600, all / 60 % 60, all % 60);
    match (hours, minutes) {
        (0, 0) => format!("{seconds}s"),
        (0, _) => format!("{minutes}:{seconds:02}"),
        _ => format!("{hours}:{minutes:02}:{seconds:02}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_short() {
        let texts = [0.0, 1.0, 0.001, 0.000_123_456, 1.234_56e-6].map(short);
        assert_eq!(texts, ["0", "1", "0.001", "0.0001235", "1.235e-6"]);
        let texts = [12, 185, 3723].map(|s| time(Duration::from_secs(s)));
        assert_eq!(texts, ["12s", "3:05", "1:02:03"]);
    }
}

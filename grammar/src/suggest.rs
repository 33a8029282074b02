//! Did you mean?

use crate::{Diagnostic, Span};

/// The candidate that is most like `name`, in any case, if any is like it at all.
///
/// ```
/// use netc_grammar::nearest;
/// assert_eq!(nearest("CONVV", ["CONV", "FC"]), Some("CONV"));
/// assert_eq!(nearest("banana", ["stride", "pad"]), None);
/// ```
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wanted = name.to_ascii_lowercase();
    let allowed = (wanted.len() / 3).max(1);
    candidates
        .into_iter()
        .map(|c| {
            let distance = strsim::damerau_levenshtein(&wanted, &c.to_ascii_lowercase());
            (distance, c)
        })
        .filter(|&(distance, c)| distance <= allowed && distance < c.len())
        .min()
        .map(|(_, c)| c)
}

impl Diagnostic {
    /// Suggests the candidate that is most like `name`, which stands at `span`; says something else where none is like it.
    #[must_use]
    pub fn did_you_mean<'a>(
        self,
        name: &str,
        span: Span,
        candidates: impl IntoIterator<Item = &'a str>,
        otherwise: impl FnOnce(Self) -> Self,
    ) -> Self {
        match nearest(name, candidates) {
            Some(near) => self.edit(format!("did you mean `{near}`?"), span, near),
            None => otherwise(self),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn near_names_are_found() {
        assert_eq!(nearest("strid", ["stride", "pad"]), Some("stride"));
        assert_eq!(nearest("q", ["stride", "s"]), None);
    }
}

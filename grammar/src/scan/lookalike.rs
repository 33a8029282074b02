//! Characters that look like netc's but are not: word processors, keyboards and web pages put them into texts.

/// What an arrow in one character is called, if `c` is one.
pub(crate) fn is_arrow(c: char) -> bool {
    matches!(
        c,
        '→' | '⇒' | '⟶' | '⟹' | '➔' | '➜' | '➝' | '➞' | '⮕' | '↦' | '⇨' | '➡'
    )
}

/// Whether `c` is a quotation mark other than `"`.
pub(crate) fn is_quote(c: char) -> bool {
    matches!(
        c,
        '\'' | '“' | '”' | '„' | '‟' | '«' | '»' | '‘' | '’' | '‚' | '′' | '″' | '＂'
    )
}

/// The text that is probably meant by `c`.
pub(crate) fn meant_by(c: char) -> Option<&'static str> {
    Some(match c {
        '−' | '–' | '—' | '‐' | '－' => "-",
        '＋' => "+",
        '∗' | '⋅' | '·' | '•' | '＊' => "*",
        '÷' | '∕' | '⁄' | '／' => "/",
        '（' => "(",
        '）' => ")",
        '［' | '【' => "[",
        '］' | '】' => "]",
        '｛' => "{",
        '｝' => "}",
        '，' | '、' => ",",
        '：' => ":",
        '＝' => "=",
        '＞' => ">",
        '＜' => "<",
        '｜' | '│' | '¦' => "|",
        '≥' => ">=",
        '≤' => "<=",
        _ => return None,
    })
}

/// The name of a character that cannot be seen, and is no ordinary space or line end.
pub(crate) fn invisible(c: char) -> Option<&'static str> {
    Some(match c {
        '\0' => "a NUL character",
        '\u{a0}' | '\u{202f}' => "a no-break space",
        '\u{feff}' => "a byte-order mark",
        '\u{200b}' | '\u{2060}' => "a zero-width space",
        '\u{200c}' | '\u{200d}' => "a zero-width joiner",
        '\u{ad}' => "a soft hyphen",
        '\u{2028}' | '\u{2029}' | '\u{85}' | '\u{b}' | '\u{c}' => "an unusual line break",
        '\u{1680}' | '\u{2000}'..='\u{200a}' | '\u{205f}' | '\u{3000}' => "an unusual space",
        _ if c.is_control() && !matches!(c, '\t' | '\n' | '\r') => "a control character",
        _ => return None,
    })
}

/// Characters that change the direction of writing, and so can make a text look different from what it says (CVE-2021-42574).
pub(crate) fn is_bidi(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' | '\u{61c}')
}

//! Tokens and the comments before them. The text is known to have no syntax errors.

/// A token.
#[derive(Clone, Debug)]
pub(super) struct Token<'a> {
    /// As it is to be written; empty at the end of the file.
    pub(super) text: &'a str,
    /// The comments between the token before and this one.
    pub(super) before: Vec<Comment<'a>>,
    /// Line breaks directly before it.
    pub(super) breaks: usize,
    /// Nothing stands between the token before and this one.
    pub(super) clings: bool,
}

/// A comment.
#[derive(Clone, Debug)]
pub(super) struct Comment<'a> {
    /// From the first slash on.
    pub(super) text: &'a str,
    /// Line breaks directly before it.
    pub(super) breaks: usize,
}

impl Comment<'_> {
    /// Whether the line must end after it.
    pub(super) fn ends_line(&self) -> bool {
        self.text.starts_with("//") || self.text.contains('\n')
    }

    /// Whether it cannot stand in the middle of a line.
    pub(super) fn breaks_line(&self) -> bool {
        self.breaks > 0 || self.ends_line()
    }
}

impl Token<'_> {
    /// A name that stands for nothing.
    pub(super) const PLACEHOLDER: Self = Self {
        text: "_",
        before: Vec::new(),
        breaks: 0,
        clings: false,
    };

    /// Whether it begins a line, as its author wrote it.
    pub(super) fn begins_line(&self) -> bool {
        self.breaks > 0 || self.before.iter().any(Comment::breaks_line)
    }

    /// Whether comments before it end the line.
    pub(super) fn is_pushed_down(&self) -> bool {
        self.before.iter().any(Comment::breaks_line)
    }

    /// Whether it is a word: a name, a keyword, a layer.
    pub(super) fn is_word(&self) -> bool {
        self.text
            .starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
    }

    /// Whether it is a size: `3x3`.
    pub(super) fn is_size(&self) -> bool {
        self.text.starts_with(|c: char| c.is_ascii_digit()) && self.text.contains('x')
    }
}

/// All tokens; the last one is empty and has the comments at the end of the file.
pub(super) fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut rest = text;
    loop {
        let whole = rest.len();
        let mut before = Vec::new();
        let breaks = loop {
            let breaks = skip_space(&mut rest);
            match comment_len(rest) {
                0 => break breaks,
                len => {
                    let text = rest[..len].trim_end();
                    before.push(Comment { text, breaks });
                    rest = &rest[len..];
                }
            }
        };
        let len = token_len(rest);
        tokens.push(Token {
            text: &rest[..len],
            before,
            breaks,
            clings: whole == rest.len(),
        });
        rest = &rest[len..];
        if len == 0 {
            return tokens;
        }
    }
}

/// Skips white space and says how many lines it ends.
fn skip_space(rest: &mut &str) -> usize {
    let trimmed = rest.trim_start_matches([' ', '\t', '\r', '\n']);
    let space = &rest[..rest.len() - trimmed.len()];
    *rest = trimmed;
    space.matches('\n').count()
}

/// The length of the comment that stands here; 0 where none does.
fn comment_len(text: &str) -> usize {
    if text.starts_with("//") {
        return text.find('\n').unwrap_or(text.len());
    }
    if !text.starts_with("/*") {
        return 0;
    }
    let (mut depth, mut at) = (0_usize, 0);
    while let Some(pair) = text.as_bytes().get(at..at + 2) {
        match pair {
            b"/*" => depth += 1,
            b"*/" => depth -= 1,
            _ => {
                at += 1;
                continue;
            }
        }
        at += 2;
        if depth == 0 {
            return at;
        }
    }
    text.len()
}

fn token_len(text: &str) -> usize {
    let bytes = text.as_bytes();
    match bytes {
        [] => 0,
        [b'"', ..] => string_len(bytes),
        [b'=' | b'>' | b'<', b'>' | b'=', ..] => 2,
        [c, ..] if c.is_ascii_digit() => number_len(bytes),
        [c, ..] if c.is_ascii_alphabetic() || *c == b'_' => {
            let is_word = |c: &&u8| c.is_ascii_alphanumeric() || **c == b'_';
            bytes.iter().take_while(is_word).count()
        }
        _ => text.chars().next().map_or(0, char::len_utf8),
    }
}

fn string_len(bytes: &[u8]) -> usize {
    let mut escaped = false;
    for (i, c) in bytes.iter().enumerate().skip(1) {
        match c {
            b'"' if !escaped => return i + 1,
            _ => escaped = *c == b'\\' && !escaped,
        }
    }
    bytes.len()
}

/// `64`, `3x3`, `0.5`, `1e-4`
fn number_len(bytes: &[u8]) -> usize {
    let mut len = 0;
    while let Some(c) = bytes.get(len) {
        let sign = matches!(c, b'+' | b'-') && matches!(bytes[len - 1], b'e' | b'E');
        if !(c.is_ascii_alphanumeric() || matches!(c, b'_' | b'.') || sign) {
            break;
        }
        len += 1;
    }
    len
}

//! Fewer lines: the printer gives each argument and each field a line of its own as soon as a construct does not fit into 89 columns. Here
//! what fits into a line becomes one, and the fields of descriptors fill theirs.

/// The widest line that is put together.
const WIDTH: usize = 100;

/// Lists of fewer parts than this have a line for each.
const FEW: usize = 3;

/// Puts lines together.
pub(super) fn tighten(text: &str) -> String {
    let lines = chained(text);
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let mut out = Vec::with_capacity(lines.len());
    let mut at = 0;
    while at < lines.len() {
        at = construct(&lines, at, &mut out);
    }
    out.join("\n") + "\n"
}

/// The lines, with method calls behind what they are called on where there is room.
fn chained(text: &str) -> Vec<String> {
    let lines: Vec<&str> = text.lines().collect();
    let mut out: Vec<String> = Vec::with_capacity(lines.len());
    let mut at = 0;
    while at < lines.len() {
        let margin = indent(lines[at]);
        let calls = lines[at + 1..].iter();
        let calls = calls
            .take_while(|line| indent(line) == margin + 4 && line.trim_start().starts_with('.'));
        let calls: Vec<&str> = calls.map(|line| line.trim_start()).collect();
        let line = format!("{}{}", lines[at], calls.concat());
        let ends = line.ends_with([';', ',']) || !calls.is_empty() && line.ends_with(')');
        if !calls.is_empty() && ends && line.len() <= WIDTH {
            out.push(line);
            at += calls.len();
        } else {
            out.push(lines[at].to_owned());
        }
        at += 1;
    }
    out
}

/// Copies the construct that begins at a line; gives the line after it.
fn construct(lines: &[&str], at: usize, out: &mut Vec<String>) -> usize {
    let Some(end) = end(lines, at) else {
        out.push(lines[at].to_owned());
        return at + 1;
    };
    let mut inside = Vec::new();
    let mut next = at + 1;
    while next < end {
        next = construct(lines, next, &mut inside);
    }
    let (head, tail) = (lines[at], lines[end].trim_start());
    match together(head, &inside, tail) {
        Some(parts) => out.extend(parts),
        None => {
            out.push(head.to_owned());
            out.append(&mut inside);
            out.push(lines[end].to_owned());
        }
    }
    end + 1
}

/// The line that closes what a line opens.
fn end(lines: &[&str], at: usize) -> Option<usize> {
    let closing = match lines[at].chars().last()? {
        '(' => ')',
        '[' => ']',
        '{' => '}',
        _ => return None,
    };
    if lines[at].trim_start().starts_with("//") {
        return None;
    }
    let margin = indent(lines[at]);
    let closes = |line: &&str| indent(line) == margin && line.trim_start().starts_with(closing);
    let after = lines[at + 1..].iter().position(closes)?;
    Some(at + 1 + after)
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

/// The construct in one line, or in filled ones; `None` where it stays as it is.
fn together(head: &str, inside: &[String], tail: &str) -> Option<Vec<String>> {
    let margin = indent(head);
    let parts: Vec<&str> = inside.iter().map(|line| line.trim_start()).collect();
    let level = |line: &String| indent(line) == margin + 4;
    let is_plain = |part: &str| {
        !part.starts_with("//") && !part.starts_with('#') && !part.contains("__netc_comment")
    };
    let (last, others) = parts.split_last()?;
    let ends = last.ends_with(',') || last.starts_with("..") || !last.ends_with([';', '}']);
    let is_list = ends && others.iter().all(|part| part.ends_with(','));
    if !inside.iter().all(level) || !is_list || !parts.iter().all(|part| is_plain(part)) {
        return None;
    }
    let braces = head.ends_with('{');
    if braces && !is_literal(head) {
        return None;
    }
    let list = parts.join(" ");
    let list = list.trim_end_matches(',');
    let line = match braces {
        true => format!("{head} {list} {tail}"),
        false => format!("{head}{list}{tail}"),
    };
    if line.len() <= WIDTH {
        return Some(vec![line]);
    }
    (braces || parts.len() >= FEW).then(|| {
        let mut lines = vec![head.to_owned()];
        lines.extend(filled(&parts, margin + 4));
        lines.push(format!("{}{tail}", " ".repeat(margin)));
        lines
    })
}

/// Whether a brace opens the literal of a descriptor or of `Self`.
fn is_literal(head: &str) -> bool {
    let head = head.trim_end_matches('{').trim_end();
    let word = head.rsplit([' ', '(']).next().unwrap_or_default();
    word.starts_with("plan::") || head.trim_start() == "Self"
}

/// Parts of a list, as many in a line as fit.
fn filled(parts: &[&str], margin: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for part in parts {
        match lines.last_mut() {
            Some(line) if line.len() + 1 + part.len() <= WIDTH => {
                line.push(' ');
                line.push_str(part);
            }
            _ => lines.push(format!("{}{part}", " ".repeat(margin))),
        }
    }
    lines
}

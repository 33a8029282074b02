//! How long things are on one line, and whether they can stand on one.

use super::tokens::Token;
use super::tree::{Chain, Element, Link, Part, PartKind, Stage, StageKind};

/// The token, with the comments that stand before it on its line.
pub(super) fn token(token: &Token<'_>) -> usize {
    comments(token) + token.text.chars().count()
}

/// The comments that stand before the token on its line.
pub(super) fn comments(token: &Token<'_>) -> usize {
    let beside = token.before.iter().filter(|c| !c.breaks_line());
    beside.map(|c| c.text.chars().count() + 1).sum()
}

/// The comments that stand before a token on the line that it begins. Others stand behind what is above.
pub(super) fn leading(token: &Token<'_>) -> usize {
    let (mut width, mut breaks) = (0, token.breaks);
    for comment in token.before.iter().rev() {
        if breaks > 0 || comment.ends_line() {
            return width;
        }
        width += comment.text.chars().count() + 1;
        breaks = comment.breaks;
    }
    if breaks > 0 { width } else { 0 }
}

/// The token with the space before it, if there is one: a comment always has one.
pub(super) fn beside(one: &Token<'_>, spaced: bool) -> usize {
    usize::from(spaced || comments(one) > 0) + token(one)
}

/// Parts beside each other, with the space before the first.
pub(super) fn value(parts: &[Part<'_>]) -> usize {
    parts.iter().map(part).sum()
}

fn part(part: &Part<'_>) -> usize {
    match &part.kind {
        PartKind::Token(token) => beside(token, part.spaced),
        PartKind::Bracket(open, elements, close) => {
            beside(open, part.spaced) + inside(elements) + beside(close, false)
        }
    }
}

/// Elements with their commas, without the brackets around them.
pub(super) fn inside(elements: &[Element<'_>]) -> usize {
    let len = |element: &Element<'_>| {
        value(&element.value) + element.comma.as_ref().map_or(0, |comma| token(comma) + 1)
    };
    let len = elements.iter().map(len).sum::<usize>();
    let trailing = elements.last().is_some_and(|last| last.comma.is_some());
    len - usize::from(trailing)
}

/// How far parts reach before the first break inside; the flag says that there is one.
pub(super) fn reach(parts: &[Part<'_>]) -> (usize, bool) {
    let mut len = 0;
    for one in parts {
        if let PartKind::Bracket(open, elements, close) = &one.kind {
            len += beside(open, one.spaced);
            if is_broken(elements, close) {
                return (len, true);
            }
            for element in elements {
                let (inner, stopped) = reach(&element.value);
                len += inner;
                if stopped {
                    return (len, true);
                }
                len += element.comma.as_ref().map_or(0, |comma| token(comma) + 1);
            }
            // No space follows the last comma.
            let trailing = elements.last().is_some_and(|last| last.comma.is_some());
            len -= usize::from(trailing);
            len += beside(close, false);
        } else {
            len += part(one);
        }
    }
    (len, false)
}

/// The chain on one line.
pub(super) fn chain(chain: &Chain<'_>) -> usize {
    chain.links.iter().map(link).sum()
}

/// A stage with the arrow before it, and the spaces around that.
pub(super) fn link((arrow, then): &Link<'_>) -> usize {
    arrow.as_ref().map_or(0, |arrow| token(arrow) + 2) + stage(then)
}

/// The stage on one line.
pub(super) fn stage(stage: &Stage<'_>) -> usize {
    let kind = match &stage.kind {
        StageKind::Call => 0,
        StageKind::Group(open, inner, close) => token(open) + chain(inner) + beside(close, false),
        StageKind::Branches(branches, close) => {
            let branch = |(sign, inner): &(Token<'_>, Chain<'_>)| token(sign) + chain(inner) + 2;
            branches.iter().map(branch).sum::<usize>() + token(close)
        }
    };
    kind + value(&stage.text)
}

/// Whether the elements stand on lines of their own because their author had them so.
pub(super) fn is_broken(elements: &[Element<'_>], close: &Token<'_>) -> bool {
    let firsts = || elements.iter().filter_map(|e| first(&e.value));
    firsts().next().is_some_and(Token::begins_line)
        || firsts().any(Token::is_pushed_down)
        || close.is_pushed_down()
}

/// Whether a line must end inside the value.
pub(super) fn value_breaks(parts: &[Part<'_>]) -> bool {
    parts.iter().enumerate().any(|(i, part)| match &part.kind {
        PartKind::Token(token) => {
            i > 0 && (token.is_pushed_down() || part.breakable && token.begins_line())
        }
        PartKind::Bracket(open, elements, close) => {
            i > 0 && open.is_pushed_down()
                || is_broken(elements, close)
                || elements.iter().any(|e| value_breaks(&e.value))
        }
    })
}

/// Whether a line must end inside the chain.
pub(super) fn chain_breaks(chain: &Chain<'_>) -> bool {
    let links = chain.links.iter();
    links
        .clone()
        .any(|(arrow, stage)| arrow.as_ref().is_some_and(Token::begins_line) || stage_breaks(stage))
}

/// Whether a line must end inside the stage.
pub(super) fn stage_breaks(stage: &Stage<'_>) -> bool {
    let kind = match &stage.kind {
        StageKind::Call => false,
        StageKind::Group(_, chain, close) => {
            chain_first(chain).is_some_and(Token::is_pushed_down)
                || chain_breaks(chain)
                || close.is_pushed_down()
        }
        StageKind::Branches(branches, close) => {
            let led = |(i, (sign, chain)): (usize, &(Token<'_>, Chain<'_>))| {
                let first = chain_first(chain);
                i > 0 && sign.begins_line()
                    || i == 0 && first.is_some_and(Token::begins_line)
                    || first.is_some_and(Token::is_pushed_down)
                    || chain_breaks(chain)
            };
            branches.iter().enumerate().any(led) || close.begins_line()
        }
    };
    kind || match &stage.kind {
        StageKind::Call => value_breaks(&stage.text),
        _ => first(&stage.text).is_some_and(Token::is_pushed_down) || value_breaks(&stage.text),
    }
}

/// The first token of a value.
pub(super) fn first<'t, 'a>(parts: &'t [Part<'a>]) -> Option<&'t Token<'a>> {
    parts.first().map(|part| match &part.kind {
        PartKind::Token(token) | PartKind::Bracket(token, ..) => token,
    })
}

/// The first token of a chain.
pub(super) fn chain_first<'t, 'a>(chain: &'t Chain<'a>) -> Option<&'t Token<'a>> {
    let (_, stage) = chain.links.first()?;
    match &stage.kind {
        StageKind::Call => first(&stage.text),
        StageKind::Group(open, ..) => Some(open),
        StageKind::Branches(branches, _) => branches.first().map(|(sign, _)| sign),
    }
}

/// The comma of an element.
pub(super) fn comma(element: &Element<'_>) -> usize {
    element.comma.as_ref().map_or(0, token)
}

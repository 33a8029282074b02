//! Repeats and blocks: a tree in which everything is written out becomes one that a person would write.

mod blocks;
mod params;
mod repeats;
mod skeleton;

use netc_grammar::ast::{Chain, File, Item, Stage, StageKind};

/// Finds repeats, then blocks.
pub(super) fn fold(file: &mut File) {
    for item in &mut file.items {
        if let Item::Chain(chain) = item {
            repeats::repeats(chain);
        }
    }
    blocks::blocks(file);
}

/// The chains inside a stage.
fn inside(stage: &Stage) -> &[Chain] {
    match &stage.kind {
        StageKind::Call(_) => &[],
        StageKind::Group(chain) => std::slice::from_ref(chain),
        StageKind::Branches(branches) => branches,
    }
}

/// The chains inside a stage, to change.
fn inside_mut(stage: &mut Stage) -> &mut [Chain] {
    match &mut stage.kind {
        StageKind::Call(_) => &mut [],
        StageKind::Group(chain) => std::slice::from_mut(chain),
        StageKind::Branches(branches) => branches,
    }
}

/// Whether a run of stages can stand alone: branches and their join stay together.
fn is_whole(stages: &[Stage], start: usize, end: usize) -> bool {
    let opens = |stage: Option<&Stage>| {
        stage.is_some_and(|stage| matches!(stage.kind, StageKind::Branches(_)))
    };
    let before = start.checked_sub(1).and_then(|i| stages.get(i));
    start < end && !opens(before) && !opens(stages.get(end - 1))
}

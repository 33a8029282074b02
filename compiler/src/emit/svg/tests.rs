//! Drawings of networks that are hard to draw.

use super::arrange::layout;
use super::flatten::flatten;
use super::ladder::Ladder;
use super::layout::{CARD_WIDTH, Drawing};
use crate::emit::cards::{Segment, parts};
use crate::{Files, Options, compile};
use std::collections::BTreeSet;

const UNET: &str = "INPUT(64x64x3)
=> (CONV(8, 3x3, same) => RELU) * 2 => CONV(8, 3x3, same) as a => POOL(2x2) => CONV(16, 3x3, same) as b => POOL(2x2)
=> CONV(32, 3x3, same) as c => POOL(2x2) => CONV(64, 3x3, same) => RELU
=> UPSAMPLE(2x2) => CONCAT(c) => CONV(32, 3x3, same) => UPSAMPLE(2x2) => CONCAT(b) => CONV(16, 3x3, same)
=> UPSAMPLE(2x2) => CONCAT(a) => CONV(1, 1x1)";

const TAPS: &str = "block c(n) = CONV(n, 3x3, same) => RELU
INPUT(32x32x3) => c(8) as a => c(8) as b => c(8) as d => c(8) * 12 => ADD(a) => c(8) * 10 => ADD(b) => c(8) * 4
=> ADD(d) => c(8) as e => c(8) * 2 => CONCAT(b, e) => c(8) * 8 => CONCAT(d) => FC(10)";

/// The parts of a network, as they are laid out.
fn drawn(text: &str, check: impl Fn(&[Segment], &Drawing<'_>)) {
    let output = compile(
        "test.net",
        text.into(),
        &Options::default(),
        &mut Files::default(),
    );
    assert!(!output.has_errors(), "{}", output.rendered());
    let graph = output.graph.unwrap();
    let (parts, heads) = parts(&graph);
    let parts = match Ladder::of(&parts) {
        Some(_) => parts,
        None => flatten(parts, None),
    };
    let layout = layout(&parts, &heads, 0, 0);
    for (i, a) in layout.cards.iter().enumerate() {
        assert!(a.x >= 0 && a.x + CARD_WIDTH <= layout.width);
        assert!(a.y >= 0 && a.y + a.height <= layout.height);
        for b in &layout.cards[..i] {
            let beside = a.x + CARD_WIDTH <= b.x || b.x + CARD_WIDTH <= a.x;
            assert!(beside || a.y + a.height <= b.y || b.y + b.height <= a.y);
        }
    }
    check(&parts, &layout);
}

#[test]
fn a_unet_is_a_u() {
    drawn(UNET, |parts, layout| {
        assert!(Ladder::of(parts).is_some());
        assert!(layout.width < 800 && layout.height < 1500);
        let [input, output] = ["input", "conv9"].map(|name| {
            let mut cards = layout.cards.iter();
            cards.find(|placed| placed.card.name == name).unwrap()
        });
        assert!(input.x < output.x && output.y < 200);
    });
}

#[test]
fn residual_blocks_are_no_ladder() {
    let text = "INPUT(32x32x8) => ([CONV(8, 3x3, same) => RELU => CONV(8, 3x3, same) | SKIP] => ADD) * 12 => FC(2)";
    drawn(text, |parts, layout| {
        assert!(Ladder::of(parts).is_none());
        assert!(layout.columns.len() > 1);
    });
}

#[test]
fn taps_have_lanes_of_their_own_and_do_not_hinder_columns() {
    drawn(TAPS, |_, layout| {
        assert!(layout.columns.len() >= 3 && layout.height < 1500);
        let taps = || layout.edges.iter().filter_map(|edge| edge.tap);
        assert_eq!(taps().count(), 6);
        assert_eq!(taps().collect::<BTreeSet<_>>().len(), 4);
        let paths = layout.edges.iter().filter(|edge| edge.tap.is_some());
        let lanes: BTreeSet<String> = paths
            .filter_map(|edge| {
                let path = edge.path.to_string();
                // The first lane: where the first horizontal line ends.
                Some(path.split_once('Q')?.1.split(' ').next()?.to_owned())
            })
            .collect();
        assert!(lanes.len() >= 5, "{lanes:?}");
    });
}

const HEADS: &str = "block c(n) = CONV(n, 3x3, same) => RELU
INPUT(32x32x3) => c(8) as a => c(8) * 14 => [c(8) | c(8)] => CONCAT as b => c(8) * 14 => FC(10)
auxiliary early = a => c(4) * 4 => FC(10)
auxiliary late = b => [c(4) | SKIP] => CONCAT => c(4) * 4 => FC(10)
output b";

#[test]
fn heads_stand_beside_the_chain_and_read_their_taps() {
    drawn(HEADS, |_, layout| {
        // Heads are drawn last, and `b` is a layer's name, too.
        let last = |name: &str| {
            let mut cards = layout.cards.iter();
            cards.rfind(|placed| placed.card.name == name).unwrap().x
        };
        let end = last("fc1");
        for name in ["early", "late", "b"] {
            assert!(last(name) > end);
        }
        assert_eq!(
            layout
                .edges
                .iter()
                .filter(|edge| edge.tap.is_some())
                .count(),
            3
        );
    });
}

//! The book's links lead somewhere: to pages of the book, to headings in them, and to pictures; and each picture is shown.
#![allow(clippy::unwrap_used, reason = "a test")]

mod pages;

use pages::{page, pages_of_the_book, root};
use std::collections::BTreeSet;

/// The text of a page without its examples.
fn prose(page: &str) -> String {
    let parts = page.split("\n```").step_by(2);
    parts.collect::<Vec<_>>().join("\n")
}

/// Where the links and pictures of a text lead.
fn links(text: &str) -> Vec<String> {
    let starts = text.split("](").skip(1);
    starts
        .filter_map(|link| Some(link.split_once(')')?.0.to_owned()))
        .collect()
}

/// What links call a heading.
fn anchor(heading: &str) -> String {
    let kept = heading.trim().to_lowercase();
    let kept = kept.chars().filter_map(|c| match c {
        ' ' => Some('-'),
        c if c.is_alphanumeric() || c == '_' || c == '-' => Some(c),
        _ => None,
    });
    kept.collect()
}

fn anchors(page: &str) -> BTreeSet<String> {
    let prose = prose(page);
    let headings = prose.lines().filter(|line| line.starts_with('#'));
    headings
        .map(|line| anchor(line.trim_start_matches('#')))
        .collect()
}

#[test]
fn anchors_are_those_of_mdbook_and_github() {
    assert_eq!(anchor(" In your own program"), "in-your-own-program");
    assert_eq!(anchor(" `LECUN_TANH`, LeNet-5's"), "lecun_tanh-lenet-5s");
}

#[test]
fn links_lead_somewhere() {
    let pages = pages_of_the_book();
    let mut count = 0;
    for name in &pages {
        for link in links(&prose(&page(name))) {
            count += 1;
            if link.contains("://") {
                continue;
            }
            let (file, place) = link.split_once('#').unwrap_or((&link, ""));
            let file = if file.is_empty() { name } else { file };
            if file.ends_with(".svg") {
                assert!(root().join("docs").join(file).is_file(), "{name}: {link}");
                continue;
            }
            // A book has nothing but its pages.
            assert!(pages.iter().any(|page| page == file), "{name}: {link}");
            let known = place.is_empty() || anchors(&page(file)).contains(place);
            assert!(
                known,
                "{name}: {link}, which is none of {:?}",
                anchors(&page(file))
            );
        }
    }
    assert!(count > 40, "only {count} links");
}

#[test]
fn each_picture_is_shown() {
    let pages = pages_of_the_book();
    let shown: BTreeSet<String> = pages.iter().flat_map(|name| links(&page(name))).collect();
    let pictures = std::fs::read_dir(root().join("docs/pictures")).unwrap();
    let mut count = 0;
    for picture in pictures {
        let name = picture.unwrap().file_name().into_string().unwrap();
        assert!(
            shown.contains(&format!("pictures/{name}")),
            "no page shows {name}"
        );
        count += 1;
    }
    assert!(count > 10, "only {count} pictures");
}

/// Files beside the pages that the book forgot.
#[test]
fn each_page_is_in_the_book() {
    let pages = pages_of_the_book();
    for file in std::fs::read_dir(root().join("docs")).unwrap() {
        let name = file.unwrap().file_name().into_string().unwrap();
        let is_page = name.ends_with(".md") && name != "SUMMARY.md";
        assert!(
            !is_page || pages.contains(&name),
            "SUMMARY.md does not name {name}"
        );
    }
}

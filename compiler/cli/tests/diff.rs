//! `netc diff`.

mod common;

use common::{Folder, TINY};

#[test]
fn networks_are_compared_and_mistakes_of_both_shown() {
    let folder = Folder::new();
    folder.write("a.net", TINY);
    folder.write("b.net", TINY.replace("FC(5)", "FC(6)"));
    let run = folder.netc(["diff", "a.net", "b.net"]);
    let text = &run.succeeds().out;
    assert!(text.contains("- fc1") && text.contains("+ fc1"), "{text}");
    assert!(
        text.lines().all(|line| line.chars().count() <= 100),
        "{text}"
    );
    let json = folder.netc(["diff", "--json", "a.net", "b.net"]);
    let value: serde_json::Value = serde_json::from_str(&json.succeeds().out).unwrap_or_default();
    assert_eq!(value["layers"][0]["change"], "same");
    assert_eq!(value["a"]["name"], "Tiny");
    folder.write("c.net", "INPUT(8) => FC(wide)\n");
    folder.write("d.net", "INPUT(8) => POL\n");
    folder
        .netc(["diff", "c.net", "d.net"])
        .fails(1, &["wide", "POL"]);
    folder.netc(["diff", "-", "-"]).fails(2, &["only one"]);
    folder
        .netc(["diff", "a.net", "no.net"])
        .fails(2, &["`no.net`"]);
}

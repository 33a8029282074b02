//! What the page asks, on the host.

use netc_web::{Answer, Digits, LENET5, Page, answer};
use serde_json::{Value, json};

const WEIGHTS: &[u8] = include_bytes!("../lenet5.safetensors");

fn ask(page: &mut Page, question: &Value, blob: &[u8]) -> Answer {
    answer(page, question.to_string().as_bytes(), blob)
}

fn error(page: &mut Page, question: &Value) -> String {
    let answer = ask(page, question, &[]).json;
    answer["error"].as_str().expect("an error").to_owned()
}

#[test]
fn a_network_is_inspected() {
    let mut page = Page::default();
    let found = ask(&mut page, &json!({ "do": "inspect", "text": LENET5 }), &[]).json;
    assert_eq!(found["diagnostics"], json!([]));
    assert_eq!(found["network"]["params"], 61_706);
    let layers = found["network"]["layers"].as_array().unwrap();
    let conv = layers.iter().find(|l| l["name"] == "conv2").unwrap();
    assert_eq!(conv["output"], "10x10x16");
    assert_eq!(conv["tensors"][0]["shape"], json!([16, 6, 5, 5]));
    let [start, end] = [0, 1].map(|i| conv["place"][i].as_u64().unwrap() as usize);
    assert_eq!(&LENET5[start..end], "CONV(16, 5x5)");
    assert!(
        found["network"]["svg"]
            .as_str()
            .unwrap()
            .starts_with("<svg")
    );
    let code = ask(
        &mut page,
        &json!({ "do": "code", "text": LENET5, "train": true }),
        &[],
    )
    .json;
    assert!(code["code"].as_str().unwrap().contains("train_step"));
}

#[test]
fn a_mistake_has_a_place_and_an_edit() {
    let mut page = Page::default();
    let text = "// \u{1d11e}\nnet A\nINPUT(8x8x1) => CONVV(4, 3x3) => FC(10)\n";
    let found = ask(&mut page, &json!({ "do": "inspect", "text": text }), &[]).json;
    let mistake = &found["diagnostics"][0];
    assert_eq!(
        (&mistake["code"], &mistake["error"]),
        (&json!("E0301"), &json!(true))
    );
    let units: Vec<u16> = text.encode_utf16().collect();
    let [start, end] = [0, 1].map(|i| mistake["place"][i].as_u64().unwrap() as usize);
    assert_eq!(String::from_utf16(&units[start..end]).unwrap(), "CONVV");
    assert_eq!(mistake["helps"][0]["edit"]["text"], "CONV");
    assert!(found["network"].is_null());
    let long = ask(&mut page, &json!({ "do": "explain", "code": "E0301" }), &[]).json;
    assert!(long["text"].as_str().unwrap().len() > 100);
}

#[test]
fn what_cannot_be_answered_is_said() {
    let mut page = Page::default();
    assert_eq!(
        answer(&mut page, b"\xff{", &[]).json["error"],
        "`` is no question"
    );
    let small = "net A\nINPUT(8x8x1) => FC(10)\n";
    for (question, expected) in [
        (
            json!({ "do": "classify", "pixels": [] }),
            "ask `load` first",
        ),
        (json!({ "do": "steps", "count": 1 }), "ask `train` first"),
        (json!({ "do": "code", "text": "net" }), "E0"),
        (
            json!({ "do": "format", "text": "net A (" }),
            "syntax errors",
        ),
        (json!({ "do": "explain", "code": "E9999" }), "no code"),
        (json!({ "do": "load", "text": LENET5 }), "safetensors"),
        (
            json!({ "do": "load", "text": "net A\nINPUT(9x9x3) => FC(10)\n" }),
            "8x8x1",
        ),
        (json!({ "do": "train", "text": small }), "data = digits"),
        (
            json!({ "do": "train", "text": "net A\nINPUT(10x10x1) => FC(10)\ntrain { data = digits\noptimizer = sgd(lr=0.1)\nbatch = 32\nepochs = 1 }\n" }),
            "digits(pad=1)",
        ),
    ] {
        let said = error(&mut page, &question);
        assert!(said.contains(expected), "{question}: {said}");
    }
    let damaged = ask(
        &mut page,
        &json!({ "do": "load", "text": LENET5 }),
        &WEIGHTS[..99_999],
    );
    assert!(damaged.json["error"].is_string());
}

#[test]
fn digits_are_those_of_netc_train() {
    let recipe = netc_plan_recipe();
    let data = netc_train::data::load(&recipe, None, &[8, 8, 1]).unwrap();
    let [train, test] = Digits::load().unwrap();
    for (own, split) in [(train, data.train), (test, data.test)] {
        assert_eq!(own.labels.len(), split.len());
        let mut picture = Vec::new();
        for i in 0..split.len() {
            split.picture(i, &mut picture).unwrap();
            let bytes: Vec<f32> = own.picture(i).iter().map(|b| f32::from(*b)).collect();
            assert_eq!((own.labels[i], bytes), (split.label(i), picture.clone()));
        }
    }
}

/// The recipe of the page's network.
fn netc_plan_recipe() -> netc_plan::Recipe {
    let options = netc_compiler::Options {
        train: Some(netc_compiler::Train::default()),
        ..netc_compiler::Options::default()
    };
    let mut none = std::collections::BTreeMap::<String, Vec<u8>>::new();
    let output = netc_compiler::compile("a.net", LENET5.into(), &options, &mut none);
    output.training.expect("a recipe").recipe
}

#[test]
fn the_weights_know_the_test_digits() {
    let mut page = Page::default();
    let about = ask(&mut page, &json!({ "do": "load", "text": LENET5 }), WEIGHTS).json;
    assert_eq!(about, json!({ "name": "LeNet5", "classes": 10 }));
    let [_, test] = Digits::load().unwrap();
    let mut right = 0;
    for (i, label) in test.labels.iter().enumerate() {
        let question = json!({ "do": "classify", "pixels": test.picture(i) });
        let found = ask(&mut page, &question, &[]);
        assert!(found.json["layers"].as_array().unwrap().len() >= 10);
        let chances = found.json["probabilities"].as_array().unwrap().iter();
        let chances: Vec<f64> = chances.map(|p| p.as_f64().unwrap()).collect();
        right += usize::from(chances.iter().all(|p| *p <= chances[*label as usize]));
    }
    assert!(right >= 350, "{right} of {}", test.labels.len());
}

#[test]
fn a_run_learns_and_its_weights_classify() {
    let mut page = Page::default();
    let text = LENET5.replacen("epochs    = 12", "epochs    = 2", 1);
    let about = ask(&mut page, &json!({ "do": "train", "text": text }), &[]).json;
    assert_eq!((&about["each"], &about["steps"]), (&json!(45), &json!(90)));
    let mut last = Value::Null;
    for _ in 0..40 {
        last = ask(&mut page, &json!({ "do": "steps", "count": 20 }), &[]).json;
        if last["done"] == true {
            break;
        }
    }
    assert_eq!((&last["step"], &last["done"]), (&json!(90), &json!(true)));
    assert!(last["test"]["accuracy"].as_f64().unwrap() > 0.85, "{last}");
    let weights = ask(&mut page, &json!({ "do": "weights" }), &[]).blob;
    let loaded = ask(&mut page, &json!({ "do": "load", "text": text }), &weights).json;
    assert_eq!(loaded["classes"], 10);
}

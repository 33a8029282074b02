//! Prints what the host computes, as JSON: for the first digits of the test their pixels and all numbers of an answer.

#![allow(clippy::print_stdout, reason = "its output is what it is for")]

use netc_web::{Digits, LENET5, Page, answer};
use serde_json::json;

const WEIGHTS: &[u8] = include_bytes!("../../lenet5.safetensors");

fn main() -> Result<(), String> {
    let mut page = Page::default();
    let load = json!({ "do": "load", "text": LENET5 }).to_string();
    let loaded = answer(&mut page, load.as_bytes(), WEIGHTS).json;
    if let Some(error) = loaded["error"].as_str() {
        return Err(error.to_owned());
    }
    let [_, test] = Digits::load()?;
    let digits = (0..20).map(|i| {
        let question = json!({ "do": "classify", "pixels": test.picture(i) }).to_string();
        let numbers = answer(&mut page, question.as_bytes(), &[]).blob;
        let numbers = numbers.as_chunks::<4>().0.iter();
        let numbers: Vec<f32> = numbers.map(|bytes| f32::from_le_bytes(*bytes)).collect();
        json!({ "pixels": test.picture(i), "label": test.labels[i], "numbers": numbers })
    });
    println!(
        "{}",
        json!({ "text": LENET5, "digits": digits.collect::<Vec<_>>() })
    );
    Ok(())
}

//! The compiler and the runtime behind the page in the browser: JSON and bytes in, JSON and bytes out.
//!
//! JavaScript calls [`input`] and [`blob`] for the places that it writes to, then [`call`], and reads the answer. [`answer()`] says which
//! questions there are. A panic is a trap: the page starts a new module then, and asks this one for [`last_panic`].

mod answer;
mod classify;
mod digits;
mod inspect;
mod learn;
mod places;
mod questions;
mod rate;

pub use answer::Answer;
pub use digits::Digits;
pub use questions::{Page, answer};

use std::cell::RefCell;

/// The digits' LeNet-5, which the page begins with.
pub const LENET5: &str = include_str!("../lenet5.net");

thread_local! {
    static PAGE: RefCell<Page> = RefCell::default();
    static INPUT: RefCell<[Vec<u8>; 2]> = RefCell::default();
    static ANSWER: RefCell<[Vec<u8>; 2]> = RefCell::default();
    static PANIC: RefCell<Vec<u8>> = RefCell::default();
}

fn place(which: usize, len: usize) -> *mut u8 {
    INPUT.with_borrow_mut(|input| {
        input[which].clear();
        input[which].resize(len, 0);
        input[which].as_mut_ptr()
    })
}

/// Where a question of so many bytes is written.
#[unsafe(no_mangle)]
pub extern "C" fn input(len: usize) -> *mut u8 {
    std::panic::set_hook(Box::new(|info| {
        PANIC.set(info.to_string().into_bytes());
    }));
    place(0, len)
}

/// Where so many bytes that go with a question are written: weights.
#[unsafe(no_mangle)]
pub extern "C" fn blob(len: usize) -> *mut u8 {
    place(1, len)
}

/// Answers the question; gives where the JSON of the answer lies until the next call.
#[unsafe(no_mangle)]
pub extern "C" fn call() -> *const u8 {
    let [question, blob] = INPUT.take();
    let Answer { json, blob } = PAGE.with_borrow_mut(|page| answer(page, &question, &blob));
    ANSWER.set([json.to_string().into_bytes(), blob]);
    ANSWER.with_borrow(|answer| answer[0].as_ptr())
}

/// The bytes of the answer's JSON.
#[unsafe(no_mangle)]
pub extern "C" fn answer_len() -> usize {
    ANSWER.with_borrow(|answer| answer[0].len())
}

/// Where the bytes lie that go with the answer.
#[unsafe(no_mangle)]
pub extern "C" fn answer_blob() -> *const u8 {
    ANSWER.with_borrow(|answer| answer[1].as_ptr())
}

/// How many these are.
#[unsafe(no_mangle)]
pub extern "C" fn answer_blob_len() -> usize {
    ANSWER.with_borrow(|answer| answer[1].len())
}

/// Where the message of a panic lies.
#[unsafe(no_mangle)]
pub extern "C" fn last_panic() -> *const u8 {
    PANIC.with_borrow(|message| message.as_ptr())
}

/// How long it is; 0 where nothing panicked.
#[unsafe(no_mangle)]
pub extern "C" fn last_panic_len() -> usize {
    PANIC.with_borrow(Vec::len)
}

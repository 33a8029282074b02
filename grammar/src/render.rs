//! Diagnostics as text: for people, for GitHub's annotations, for programs.

mod github;
mod human;
mod json;

pub use github::render_github;
pub use human::render;
pub use json::render_json;

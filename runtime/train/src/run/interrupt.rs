//! Ctrl-C: the step at hand is finished, everything is saved.

use crate::{Error, ErrorKind, Result};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A wish to stop, which the loop looks at after each step.
#[derive(Clone, Debug, Default)]
pub struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// Stops on Ctrl-C (and on SIGTERM); a second one ends the process at once.
    ///
    /// # Errors
    /// The process has a handler already.
    pub fn on_ctrl_c() -> Result<Self> {
        let interrupt = Self::default();
        let wish = interrupt.clone();
        ctrlc::set_handler(move || {
            if wish.0.swap(true, Ordering::SeqCst) {
                // The shell's convention: 128 + SIGINT.
                std::process::exit(130);
            }
        })
        .map_err(|e| Error::new(ErrorKind::Tool, format!("Ctrl-C cannot be caught: {e}")))?;
        Ok(interrupt)
    }

    /// Asks the loop to stop.
    pub fn stop(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    pub(super) fn is_wanted(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

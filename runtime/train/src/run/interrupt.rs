//! Ctrl-C: the step at hand is finished, everything is saved.

use crate::{Error, ErrorKind, Result};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

/// A wish to stop, which the loop looks at after each step.
#[derive(Clone, Debug, Default)]
pub struct Interrupt(Arc<AtomicBool>);

/// The shell's convention: 128 + SIGINT.
const INTERRUPTED: i32 = 130;

/// A second Ctrl-C within this time is the first one's echo: `timeout` signals its child, and then the whole group again.
const ECHO: Duration = Duration::from_secs(1);

impl Interrupt {
    /// Stops on Ctrl-C and on SIGTERM; another Ctrl-C, a second later or after that, ends the process at once.
    ///
    /// SIGHUP is left alone, so that `nohup` keeps its meaning.
    ///
    /// # Errors
    /// The system does not let signals be caught.
    pub fn on_ctrl_c() -> Result<Self> {
        let interrupt = Self::default();
        let impatient = Arc::new(AtomicBool::new(false));
        flag::register_conditional_shutdown(SIGINT, INTERRUPTED, Arc::clone(&impatient))
            .and_then(|_| flag::register(SIGINT, Arc::clone(&interrupt.0)))
            .and_then(|_| flag::register(SIGTERM, Arc::clone(&interrupt.0)))
            .map_err(|e| Error::new(ErrorKind::Tool, format!("Ctrl-C cannot be caught: {e}")))?;
        let wish = interrupt.clone();
        thread::spawn(move || {
            while !wish.is_wanted() {
                thread::sleep(ECHO / 10);
            }
            thread::sleep(ECHO);
            impatient.store(true, Ordering::SeqCst);
        });
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

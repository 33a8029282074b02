//! Ctrl-C: the step at hand is finished, everything is saved.

use crate::{Error, ErrorKind, Result};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;
use std::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

/// A wish to stop, which the loop looks at after each step, and evaluations after each batch.
#[derive(Clone, Debug, Default)]
pub struct Interrupt {
    wanted: Arc<AtomicBool>,
    /// The loop has stopped for it.
    heeded: Arc<AtomicBool>,
    /// The run has come to its end and is saved: nothing is left to wait for.
    over: Arc<AtomicBool>,
}

/// What becomes of a wish to stop, for the user to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// A step has been taking long since: it is finished first.
    Finishing,
    /// The run was over: the process ends now.
    Ending,
}

/// The shell's convention: 128 + SIGINT.
const INTERRUPTED: i32 = 130;

/// A second Ctrl-C within this time is the first one's echo: `timeout` signals its child, and then the whole group again.
const ECHO: Duration = Duration::from_secs(1);
/// How often the flag is looked at, beside the loop.
const GLANCE: Duration = Duration::from_millis(50);
/// What takes longer than this is explained.
const PATIENCE: Duration = Duration::from_millis(500);

impl Interrupt {
    /// Stops on Ctrl-C and on SIGTERM; another Ctrl-C, a second later or after that, ends the process at once. `say` tells the user what
    /// takes long, and that the process ends where the run was over already.
    ///
    /// SIGHUP is left alone, so that `nohup` keeps its meaning.
    ///
    /// # Errors
    /// The system does not let signals be caught.
    pub fn on_ctrl_c(say: impl Fn(Heard) + Send + 'static) -> Result<Self> {
        let interrupt = Self::default();
        let impatient = Arc::new(AtomicBool::new(false));
        flag::register_conditional_shutdown(SIGINT, INTERRUPTED, Arc::clone(&impatient))
            .and_then(|_| flag::register(SIGINT, Arc::clone(&interrupt.wanted)))
            .and_then(|_| flag::register(SIGTERM, Arc::clone(&interrupt.wanted)))
            .map_err(|e| Error::new(ErrorKind::Tool, format!("Ctrl-C cannot be caught: {e}")))?;
        let wish = interrupt.clone();
        thread::spawn(move || wish.watch(&impatient, say));
        Ok(interrupt)
    }

    /// Waits for the wish, and then for the loop to heed it.
    fn watch(&self, impatient: &AtomicBool, say: impl Fn(Heard)) {
        while !self.is_wanted() {
            thread::sleep(GLANCE);
        }
        let end = || {
            say(Heard::Ending);
            process::exit(INTERRUPTED);
        };
        if !self.over.load(Ordering::SeqCst) {
            thread::sleep(PATIENCE);
        }
        if self.heeded.load(Ordering::SeqCst) {
            return;
        }
        if self.over.load(Ordering::SeqCst) {
            end();
        }
        say(Heard::Finishing);
        thread::sleep(ECHO.saturating_sub(PATIENCE));
        impatient.store(true, Ordering::SeqCst);
    }

    /// Asks the loop to stop.
    pub fn stop(&self) {
        self.wanted.store(true, Ordering::SeqCst);
    }

    /// The loop has stopped for the wish, and the run is saved.
    pub(super) fn is_heeded(&self) {
        self.heeded.store(true, Ordering::SeqCst);
    }

    /// The run has come to its end and is saved: from now on Ctrl-C ends the process at once.
    pub(super) fn run_is_over(&self) {
        self.over.store(true, Ordering::SeqCst);
    }

    pub(crate) fn is_wanted(&self) -> bool {
        self.wanted.load(Ordering::SeqCst)
    }
}

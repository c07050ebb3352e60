//! Ctrl-C and termination: the first one asks the run to stop in order, the second one ends it at once.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

use crate::model::failure::{OrFail, Outcome};

/// A flag that becomes true when the user asks to stop.
///
/// # Errors
/// When the handlers cannot be installed.
pub fn stop_flag() -> Outcome<Arc<AtomicBool>> {
    let asked = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        // In this order: the second signal finds the flag set and ends the process; children die with it.
        flag::register_conditional_shutdown(signal, 128 + signal, Arc::clone(&asked))
            .and_then(|_| flag::register(signal, Arc::clone(&asked)))
            .or_fail(|| "cannot listen for Ctrl-C".into())?;
    }
    Ok(asked)
}

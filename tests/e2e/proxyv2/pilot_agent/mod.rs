//! pilot-agent, as Istio 1.0.5's `pilot-agent proxy` is seen from outside: its flags, what it asks
//! of its surroundings, the Envoys that it starts and restarts, and how it ends.
//!
//! What differs: Envoy 1.40 gets a bootstrap of its own; the status server (`--statusPort`),
//! tracing, statsd and templates are accepted and left out. It refuses what the real one would run
//! with and no pod should: another user than 1337, or no `--ip`.

mod bootstrap;
mod certificates;
mod envoys;
mod flags;
mod go;
mod refusals;

use std::fmt::Display;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use certificates::Watch;
use envoys::{Envoys, State};
use flags::Flags;

/// The status of Go's `os.Exit(-1)`.
const FAILURE: u8 = 255;

/// How often the signals, the Envoys and the certificates are looked at. The real one is told by
/// signals and fsnotify.
const LOOK: Duration = Duration::from_millis(200);

/// The log. It goes to stderr, for stdout is where Envoy writes its access log.
fn log(level: &str, message: impl Display) {
    eprintln!("{level}\t{message}");
}

/// Runs as pilot-agent: the status is 0 after SIGTERM, and 255 for all that went wrong.
pub(super) fn run() -> ExitCode {
    let flags = match Flags::read(std::env::args_os()) {
        Ok(flags) => flags,
        Err(end) => return end.tell(),
    };
    match checked(&flags).and_then(|()| keep_running(flags)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("Error: {error}");
            ExitCode::from(FAILURE)
        }
    }
}

fn checked(flags: &Flags) -> Result<(), String> {
    refusals::values(flags)?;
    refusals::user(rustix::process::getuid().as_raw(), rustix::process::getgid().as_raw())
}

/// Keeps an Envoy running until SIGTERM.
fn keep_running(flags: Flags) -> Result<(), String> {
    let terminated = Arc::new(AtomicBool::new(false));
    for signal in [signal_hook::consts::SIGTERM, signal_hook::consts::SIGINT] {
        signal_hook::flag::register(signal, Arc::clone(&terminated))
            .map_err(|error| format!("cannot handle signals: {error}"))?;
    }
    let mut certificates = Watch::start();
    let mut envoys = Envoys::start(flags)?;
    while !terminated.load(Ordering::Relaxed) {
        thread::sleep(LOOK);
        if let State::Exhausted = envoys.look()? {
            return Err("budget exhausted trying to keep Envoy running".to_owned());
        }
        if certificates.as_mut().is_some_and(Watch::have_changed) {
            envoys.restart()?;
        }
    }
    log("info", format!("ended by a signal: {}", envoys.terminate()?));
    Ok(())
}

pub(super) fn tests() -> Vec<crate::Test> {
    [flags::tests(), go::tests(), refusals::tests(), bootstrap::tests()].concat()
}

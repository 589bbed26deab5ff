//! The walk-through's own experiment, on running pods: what `inject` makes of `pods/` is run as a
//! Mesos agent runs it, with the real iptables, the real Envoy and the certificates of `citadel`.
//! `tests/e2e/setup` installs what that takes. What cannot run for want of it is ignored, or fails
//! if `E2E` is `required`.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod bundles;
mod calls;
mod capture;
mod citadel;
mod demo;
mod experiment;
mod faults;
mod health;
mod key;
mod load;
mod marathon;
mod mesh;
mod mesos;
mod network;
mod parts;
mod pilot;
mod proxyv2;
mod refusals;
mod rotation;
mod runner;
mod secrets;
mod secured;
mod shapes;
mod termination;
mod trial;
mod wait;

use std::env;
use std::process::ExitCode;

use libtest_mimic::{Arguments, Completion, Trial};

use trial::{Test, tests};

/// More than there are processors: a test waits for pods most of its time.
const AT_ONCE: usize = 6;

fn main() -> ExitCode {
    if let Some(code) = mesos::program().or_else(proxyv2::program).or_else(runner::program) {
        return code;
    }
    let required = env::var_os("E2E").is_some_and(|value| value == "required");
    let tests = [
        bundles::tests(),
        load::tests(),
        parts::tests(),
        pilot::tests(),
        proxyv2::tests(),
        capture::tests(),
        demo::tests(),
        experiment::tests(),
        health::tests(),
        rotation::tests(),
        shapes::tests(),
        termination::tests(),
        faults::tests(),
        refusals::tests(),
        key::tests(),
        runner::tests(),
        secrets::tests(),
    ]
    .concat();
    let trial = |(name, test): Test| {
        Trial::ignorable_test(name.trim_start_matches("e2e::"), move || match parts::missing() {
            Some(missing) if required => Err(missing.into()),
            Some(missing) => Ok(Completion::ignored_with(missing)),
            None => {
                test();
                Ok(Completion::Completed)
            }
        })
    };
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(AT_ONCE);
    libtest_mimic::run(&arguments, tests.into_iter().map(trial).collect()).exit_code()
}

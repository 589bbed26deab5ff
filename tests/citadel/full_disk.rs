//! A disk that takes nothing more: every run ends with exit code 2 and leaves all as it was. Files
//! may not grow here (`ulimit -f 0`), which is to a program like a disk without room.

use crate::marathon::pods;
use crate::scratch::{Run, Scratch};

fn full<'s>(scratch: &'s Scratch, line: &str) -> Run<'s> {
    scratch.citadel_after("trap '' XFSZ; ulimit -f 0", line)
}

/// Expects that nothing comes of a command here.
fn changes_nothing(scratch: &Scratch, line: &str) {
    full(scratch, line).refused().says("File too large");
}

#[test]
fn a_ca_is_not_made() {
    let scratch = Scratch::new().directory("empty");
    changes_nothing(&scratch, "init");
    changes_nothing(&scratch, "init --dir empty");
    changes_nothing(&scratch, "init --intermediate");
}

#[test]
fn a_join_key_is_not_made() {
    changes_nothing(&Scratch::new(), "join-key -o join.key");
}

#[test]
fn a_bundle_is_not_made() {
    let scratch = Scratch::with_ca().directory("empty");
    for output in ["x.tgz", "empty/x.tgz", "out", "empty", "-"] {
        changes_nothing(&scratch, &format!("bundle -o {output}"));
    }
}

#[test]
fn a_bundle_is_not_replaced() {
    let scratch = Scratch::with_ca();
    for output in ["x.tgz", "out"] {
        let line = format!("bundle -o {output}");
        scratch.citadel(&line).done();
        changes_nothing(&scratch, &line);
        scratch.citadel("verify").arg(output).done();
    }
}

#[test]
fn bundles_of_pods_are_not_made() {
    let scratch = Scratch::with_ca().directory("empty");
    for output in ["out", "empty"] {
        let line = format!("bundle -o {output} --marathon");
        full(&scratch, &line).arg(pods()).refused().says("File too large");
    }
}

#[test]
fn no_step_to_a_new_root_is_taken() {
    let scratch = Scratch::with_ca();
    changes_nothing(&scratch, "rotate-root prepare");
    changes_nothing(&scratch, "rotate-root prepare --intermediate");
    changes_nothing(&scratch, "rotate-root renew");
    scratch.citadel("rotate-root prepare").done();
    changes_nothing(&scratch, "rotate-root activate");
    scratch.citadel("rotate-root activate").done();
    changes_nothing(&scratch, "rotate-root retire");
    scratch.citadel("rotate-root retire").done();
}

#[test]
fn a_full_standard_output_is_an_error() {
    let scratch = Scratch::with_ca();
    for line in ["bundle -o -", "inspect ca", "man"] {
        let told = scratch.citadel_after("exec >/dev/full", line).ends(2);
        told.says("No space left on device");
    }
}

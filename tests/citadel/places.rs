//! Where a CA's directory can be made, and whose it may be.

use std::os::unix::fs::{chown, symlink};
use std::process::Command;

use crate::scratch::{Scratch, there_is};

#[test]
fn a_place_that_no_directory_can_take_is_refused() {
    let scratch = Scratch::new().directory("empty").directory("empty/within");
    symlink("empty", scratch.path("link")).unwrap();
    std::fs::remove_dir(scratch.path("empty/within")).unwrap();
    for (dir, what) in [("link", "a symbolic link"), (".", "no name"), ("empty/..", "no name")] {
        for line in ["init", "init --intermediate"] {
            let told = scratch.citadel(line).args("--dir").arg(dir).refused();
            told.says(what).says("name a directory that is not there yet, such as ");
        }
    }
}

#[test]
fn a_ca_is_found_through_a_link_and_from_within() {
    let scratch = Scratch::with_ca();
    symlink("ca", scratch.path("link")).unwrap();
    scratch.citadel("bundle --dir link -o x.tgz").done();
    scratch.citadel_after("cd ca", "inspect .").done().shows("trust domain cluster.local");
}

#[test]
fn the_directory_of_another_user_is_refused() {
    let scratch = Scratch::with_ca();
    if chown(scratch.path("ca"), Some(1337), None).is_err() {
        eprintln!("skipped: only root can give a directory away");
        return;
    }
    for line in ["bundle -o x.tgz", "rotate-root prepare", "inspect ca"] {
        scratch.citadel(line).refused().says("ca belongs to another user (uid 1337)");
    }
}

#[test]
fn what_only_looks_like_a_ca_that_was_never_finished_is_not_waited_for() {
    if !there_is("mkfifo", "no pipe can be made") {
        return;
    }
    let scratch = Scratch::new();
    let pipe = scratch.path(".new-ca-0123456789abcdef");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    scratch.citadel("init").done();
    assert!(pipe.exists());
}

//! What a killed run left on its way to its place, which holds a key, the next run to that place
//! removes; what another run holds, or somebody else put there, it leaves alone.

use std::fs::{self, File};
use std::os::unix::fs::symlink;

use rustix::fs::{CWD, FileType, Mode, mknodat};

use crate::marathon::pods;
use crate::scratch::Scratch;

#[test]
fn an_abandoned_archive_is_removed() {
    let scratch = Scratch::with_ca().file("out/.new-x.tgz-aB3dE6", "a key");
    scratch.citadel("bundle -o out/x.tgz").done();
    assert_eq!(scratch.names("out"), ["x.tgz"]);
}

#[test]
fn an_abandoned_directory_is_removed() {
    let scratch = Scratch::with_ca().file("out/.new-certs-aB3dE6/key.pem", "a key");
    scratch.citadel("bundle -o out").done();
    assert!(!scratch.path("out/.new-certs-aB3dE6").exists());
}

#[test]
fn what_was_abandoned_on_the_way_to_the_bundles_of_pods_is_removed() {
    let scratch = Scratch::with_ca().file("out/.new-index.json-aB3dE6", "");
    scratch.write("out/default/default/.new-bundle-certs.tgz-aB3dE6", "a key");
    scratch.citadel("bundle -o out --marathon").arg(pods()).done();
    let mut names = scratch.names("out");
    names.retain(|name| !name.ends_with('/'));
    assert_eq!(names, ["default/default/bundle-certs.tgz", "index.json"]);
}

#[test]
fn what_another_run_holds_stays() {
    let scratch = Scratch::with_ca().file("out/.new-x.tgz-aB3dE6", "a key");
    scratch.write("out/.new-certs-aB3dE6/key.pem", "a key");
    let held = ["out/.new-x.tgz-aB3dE6", "out/.new-certs-aB3dE6"];
    let held = held.map(|name| File::open(scratch.path(name)).unwrap());
    held.iter().for_each(|file| file.try_lock().unwrap());
    scratch.citadel("bundle -o out/x.tgz").done();
    scratch.citadel("bundle -o out").done();
    assert_eq!(scratch.read("out/.new-x.tgz-aB3dE6"), b"a key");
    assert_eq!(scratch.read("out/.new-certs-aB3dE6/key.pem"), b"a key");
}

#[test]
fn what_is_on_its_way_elsewhere_stays() {
    let names =
        [".new-x.tgz-", ".new-x.tgz-aB3dE6-aB3dE6", ".new-y.tgz-aB3dE6", ".new-x.tgz-aB3d-6"];
    let scratch = Scratch::with_ca();
    names.iter().for_each(|name| scratch.write(&format!("out/{name}"), "mine"));
    scratch.citadel("bundle -o out/x.tgz").done();
    names.iter().for_each(|name| assert_eq!(scratch.read(&format!("out/{name}")), b"mine"));
}

#[test]
fn a_link_or_a_pipe_of_such_a_name_leads_nowhere() {
    let scratch = Scratch::with_ca().file("mine/key.pem", "mine").directory("out");
    let [to_file, to_directory, pipe] =
        ["aaaaaa", "bbbbbb", "cccccc"].map(|end| scratch.path(&format!("out/.new-x.tgz-{end}")));
    symlink("../mine/key.pem", &to_file).unwrap();
    symlink("../mine", &to_directory).unwrap();
    mknodat(CWD, &pipe, FileType::Fifo, Mode::RWXU, 0).unwrap();
    scratch.citadel("bundle -o out/x.tgz").done();
    assert_eq!(scratch.read("mine/key.pem"), b"mine");
    for path in [to_file, to_directory, pipe] {
        assert!(fs::symlink_metadata(&path).is_ok(), "{path:?} is gone");
    }
}

//! Where `inject` writes.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};

use crate::scratch::{INJECT, Scratch, container_names, pod, pod_with};
use serde_json::{Value, json};

/// Two pods in files.
fn two() -> Scratch {
    Scratch::new().file("a.json", pod("/a")).file("b.json", pod("/b"))
}

/// A file's result, as it goes to stdout.
fn result(scratch: &Scratch, name: &str) -> String {
    scratch.inject(&[name]).done().out
}

fn inode(scratch: &Scratch, name: &str) -> u64 {
    fs::metadata(scratch.path(name)).unwrap().ino()
}

fn mode(scratch: &Scratch, name: &str) -> u32 {
    fs::metadata(scratch.path(name)).unwrap().permissions().mode() & 0o7777
}

/// Runs `inject` under a umask.
fn under_umask(scratch: &Scratch, umask: &str, arguments: &[&str]) {
    let script = format!("umask {umask}; exec \"$0\" \"$@\"");
    scratch.run("sh", &[&["-c", &script, INJECT], arguments].concat()).done();
}

#[test]
fn the_result_goes_to_a_file() {
    let scratch = two();
    let told = scratch.inject(&["a.json", "-o", "out.json"]).done();
    assert_eq!(told.out, "");
    assert_eq!(told.err, "a.json: /a injected\n");
    assert_eq!(scratch.read("out.json"), result(&scratch, "a.json"));
    assert_eq!(scratch.read("a.json"), pod("/a"));
}

#[test]
fn the_file_may_be_the_input_itself() {
    let scratch = two();
    let expected = result(&scratch, "a.json");
    scratch.inject(&["a.json", "--output", "a.json"]).done();
    assert_eq!(scratch.read("a.json"), expected);
}

#[test]
fn the_directories_of_the_file_are_made() {
    let scratch = two();
    scratch.inject(&["a.json", "-o", "new/deep/out.json"]).done();
    assert_eq!(scratch.read("new/deep/out.json"), result(&scratch, "a.json"));
}

#[test]
fn a_dash_is_standard_output() {
    let scratch = two();
    assert_eq!(scratch.inject(&["a.json", "-o", "-"]).done().out, result(&scratch, "a.json"));
}

#[test]
fn a_special_file_is_written_to_and_stays() {
    let scratch = two();
    symlink("/dev/null", scratch.path("null")).unwrap();
    scratch.inject(&["a.json", "-o", "null"]).done();
    assert!(fs::symlink_metadata(scratch.path("null")).unwrap().is_symlink());
}

#[test]
fn a_link_to_nothing_stays_a_link_and_its_target_is_made() {
    let scratch = two().directory("links");
    symlink("../real.json", scratch.path("links/dangling.json")).unwrap();
    scratch.inject(&["a.json", "-o", "links/dangling.json"]).done();
    assert!(fs::symlink_metadata(scratch.path("links/dangling.json")).unwrap().is_symlink());
    assert_eq!(scratch.read("real.json"), result(&scratch, "a.json"));
}

#[test]
fn a_link_to_itself_is_refused() {
    let scratch = two();
    symlink("loop.json", scratch.path("loop.json")).unwrap();
    scratch.inject(&["a.json", "-o", "loop.json"]).refused().says("error: loop.json: Too many");
}

#[test]
fn an_unchanged_document_is_written_too() {
    let app = "{\"id\": \"/a\", \"cmd\": \"true\"}";
    let scratch = Scratch::with(app);
    scratch.inject(&["pod.json", "-o", "out.json"]).done();
    assert_eq!(scratch.read("out.json"), app);
}

#[test]
fn several_inputs_go_into_a_directory_under_their_names() {
    let scratch = two().file("pods/deep/c.json", pod("/c")).directory("out");
    scratch.inject(&["a.json", "b.json", "pods", "-o", "out"]).done();
    let names: Vec<_> =
        scratch.names().into_iter().filter(|name| name.starts_with("out/")).collect();
    assert_eq!(names, ["out/", "out/a.json", "out/b.json", "out/deep/", "out/deep/c.json"]);
    assert_eq!(scratch.read("out/deep/c.json"), result(&scratch, "pods/deep/c.json"));
}

#[test]
fn several_inputs_do_not_go_into_one_file() {
    let told = two().inject(&["a.json", "b.json", "-o", "out.json"]).refused();
    insta::assert_snapshot!(told.err, @r"
    error: several inputs need a directory after --output
      = help: create the directory first
    ");
}

#[test]
fn two_inputs_of_one_name_do_not_go_into_one_directory() {
    let scratch = two().file("other/a.json", pod("/c")).directory("out");
    let told = scratch.inject(&["a.json", "other/a.json", "-o", "out"]).refused();
    assert_eq!(told.err, "error: two inputs would both be written to out/a.json\n");
    assert!(!scratch.names().contains(&"out/a.json".to_owned()));
}

#[test]
fn standard_input_has_no_name_below_a_directory() {
    let scratch = Scratch::new().directory("out");
    let told = scratch.inject(&["-o", "out"]).stdin(pod("/a")).refused();
    told.says("standard input has no name to write it under");
}

#[test]
fn in_place_only_changed_files_are_replaced() {
    let scratch = two().file("app.json", "{\"id\": \"/app\", \"cmd\": \"true\"}");
    let expected = result(&scratch, "a.json");
    let before = inode(&scratch, "app.json");
    let told = scratch.inject(&["-i", "a.json", "app.json"]).done();
    assert_eq!(told.out, "");
    assert_eq!(scratch.read("a.json"), expected);
    assert_eq!(inode(&scratch, "app.json"), before);

    let (before, time) = (inode(&scratch, "a.json"), modified(&scratch, "a.json"));
    let told = scratch.inject(&["--in-place", "a.json"]).done();
    assert_eq!(told.err, "a.json: /a up to date\n");
    assert_eq!((inode(&scratch, "a.json"), modified(&scratch, "a.json")), (before, time));
}

fn modified(scratch: &Scratch, name: &str) -> std::time::SystemTime {
    fs::metadata(scratch.path(name)).unwrap().modified().unwrap()
}

#[test]
fn in_place_a_file_keeps_its_mode() {
    let scratch = two();
    for mode_before in [0o640, 0o755, 0o600] {
        let scratch = two();
        fs::set_permissions(scratch.path("a.json"), Permissions::from_mode(mode_before)).unwrap();
        scratch.inject(&["-i", "a.json"]).done();
        assert_eq!(mode(&scratch, "a.json"), mode_before);
    }
    assert_eq!(scratch.names(), ["a.json", "b.json"]);
}

#[test]
fn in_place_a_link_stays_a_link_and_its_target_is_replaced() {
    let scratch = Scratch::new().file("real/a.json", pod("/a"));
    symlink("real/a.json", scratch.path("link.json")).unwrap();
    let expected = result(&scratch, "link.json");
    scratch.inject(&["-i", "link.json"]).done();
    assert!(fs::symlink_metadata(scratch.path("link.json")).unwrap().is_symlink());
    assert_eq!(scratch.read("real/a.json"), expected);
}

#[test]
fn in_place_a_file_keeps_its_owner() {
    let scratch = two();
    if chown(scratch.path("a.json"), Some(1234), Some(2345)).is_err() {
        eprintln!("SKIPPED: only root gives files away, so that they keep owners is not tested");
        return;
    }
    scratch.inject(&["-i", "a.json"]).done();
    let metadata = fs::metadata(scratch.path("a.json")).unwrap();
    assert_eq!((metadata.uid(), metadata.gid()), (1234, 2345));
}

#[test]
fn in_place_a_directory_is_replaced_file_by_file() {
    let scratch = Scratch::new().file("pods/a.json", pod("/a")).file("pods/b/c.json", pod("/c"));
    scratch.inject(&["-i", "pods"]).done();
    for name in ["pods/a.json", "pods/b/c.json"] {
        let pod: Value = serde_json::from_str(&scratch.read(name)).unwrap();
        assert_eq!(container_names(&pod).len(), 3, "{name}");
    }
}

#[test]
fn standard_input_cannot_be_replaced() {
    for arguments in [&["-i"][..], &["-i", "-"]] {
        let told = Scratch::new().inject(arguments).stdin(pod("/a")).refused();
        told.says("standard input cannot be replaced");
    }
}

#[test]
fn files_are_replaced_by_documents_only() {
    for emit in ["diff", "patch"] {
        let told = two().inject(&["-i", "a.json", "--emit", emit]).refused();
        told.says("--in-place writes documents only");
    }
}

#[test]
fn in_place_and_an_output_exclude_each_other() {
    two().inject(&["-i", "a.json", "-o", "out.json"]).refused().says("cannot be used with");
}

/// One good file and one bad one, and all that stands there before and after.
fn one_is_bad() -> Scratch {
    let bad = pod_with("/b", json!({"containers": []}));
    Scratch::new().file("pods/a.json", pod("/a")).file("pods/b.json", bad).directory("out")
}

#[test]
fn nothing_at_all_is_written_if_one_of_several_files_is_bad() {
    for arguments in [&["pods"][..], &["-i", "pods"], &["pods", "-o", "out"]] {
        let scratch = one_is_bad();
        scratch.inject(arguments).refused();
        assert_eq!(scratch.names(), one_is_bad().names(), "{arguments:?}");
        assert_eq!(scratch.read("pods/a.json"), pod("/a"));
    }
}

#[test]
fn a_refused_run_makes_no_directories() {
    let scratch = one_is_bad().file("pods/deep/c.json", pod("/c"));
    let before = scratch.names();
    scratch.inject(&["pods", "-o", "out"]).refused();
    scratch.inject(&["pods/b.json", "-o", "new/b.json"]).refused();
    assert_eq!(scratch.names(), before);
}

#[test]
fn a_file_in_the_way_of_a_directory_is_refused_before_anything_is_written() {
    let scratch = Scratch::new().file("pods/a.json", pod("/a")).file("pods/x/c.json", pod("/c"));
    let scratch = scratch.file("out/x", "a file");
    let before = scratch.names();
    scratch.inject(&["pods", "-o", "out"]).refused().says("out/x");
    assert_eq!(scratch.names(), before);
}

#[test]
fn a_directory_in_the_way_of_a_file_is_refused_before_anything_is_written() {
    let scratch = two().directory("out/b.json");
    let before = scratch.names();
    let told = scratch.inject(&["a.json", "b.json", "-o", "out"]).refused();
    let expected = "error: out/b.json: is a directory\nerror: 1 fault; nothing was written\n";
    assert_eq!(told.err, expected);
    assert_eq!(scratch.names(), before);
}

#[test]
fn a_file_in_the_way_does_not_hide_the_faults_of_the_pods() {
    let scratch = one_is_bad().directory("out/b.json");
    let told = scratch.inject(&["pods", "-o", "out"]).refused();
    told.says("error: out/b.json: is a directory\n").says("2 faults; nothing was written");
}

#[test]
fn a_result_that_would_be_both_a_file_and_a_directory_is_refused() {
    let scratch = two().file("x/a.json/c.json", pod("/c")).directory("out");
    let told = scratch.inject(&["a.json", "x", "-o", "out"]).refused();
    let expected = "error: out/a.json would have to be both a file and a directory\n";
    assert_eq!(told.err, expected);
}

#[test]
fn a_directory_that_cannot_be_made_leaves_nothing_behind() {
    let scratch = two();
    let long = format!("new/{}/out.json", "x".repeat(300));
    let told = scratch.inject(&["a.json", "-o", &long]).refused();
    assert_eq!(scratch.names(), two().names());
    told.says("File name too long");
}

#[test]
fn a_link_to_nowhere_in_the_way_of_a_directory_is_refused_before_anything_is_written() {
    let scratch = Scratch::new().file("pods/a.json", pod("/a")).file("pods/x/c.json", pod("/c"));
    let scratch = scratch.directory("out");
    symlink("nowhere", scratch.path("out/x")).unwrap();
    let before = scratch.names();
    scratch.inject(&["pods", "-o", "out"]).refused().says("error: out/x/c.json: No such file");
    assert_eq!(scratch.names(), before);
}

/// While `inject` waits for the last input, a directory takes the place of its second result.
const TOO_LATE: &str = "mkfifo c.json
    \"$0\" a.json b.json c.json -o out & exec 3>c.json
    mkdir out/b.json; cat a.json >&3; exec 3>&-; wait $!";

#[test]
fn a_file_that_cannot_be_replaced_at_the_end_is_told_with_those_that_were() {
    let scratch = two().directory("out");
    let told = scratch.run("sh", &["-c", TOO_LATE, INJECT]).refused();
    let expected = "error: out/b.json: Is a directory (os error 21); already written: out/a.json\n";
    assert_eq!(told.err, expected);
    assert_eq!(scratch.read("out/a.json"), result(&scratch, "a.json"));
}

#[test]
fn a_new_file_has_the_mode_that_the_umask_leaves() {
    for (umask, expected) in [("022", 0o644), ("077", 0o600), ("002", 0o664)] {
        let scratch = two();
        under_umask(&scratch, umask, &["a.json", "-o", "out.json"]);
        assert_eq!(mode(&scratch, "out.json"), expected, "umask {umask}");
    }
}

#[test]
fn an_output_that_takes_no_more_is_an_error() {
    let told = two().run("sh", &["-c", "exec \"$0\" a.json >/dev/full", INJECT]).refused();
    assert_eq!(told.err, "error: No space left on device (os error 28)\n");
}

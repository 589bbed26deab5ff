//! Bad input: what is said of it, and that nothing comes of it.

use std::fs::{self, File, Permissions};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

use serde_json::json;

use crate::scratch::{INJECT, Scratch, container_names, pod, pod_with};

/// A pod with three faults: its id, the number of CPUs, a mode.
fn three_faults() -> String {
    let members = json!({"networks": [{"mode": "contaner"}]});
    pod_with("/A", members).replace("\"cpus\": 0.1", "\"cpus\": -1")
}

fn one_fault() -> String {
    pod("/B")
}

/// What is said of a bad document on stdin.
fn said(bytes: impl Into<Vec<u8>>) -> String {
    Scratch::new().inject(&[]).stdin(bytes).refused().err
}

#[test]
fn a_fault_is_shown_with_its_place_and_what_to_do() {
    insta::assert_snapshot!(said(one_fault()), @r#"
    error[P03]: `id` cannot be "/B" (Marathon: error.pattern)
     --> <stdin>:2:9
      |
    2 |   "id": "/B",
      |         ^^^^ /id
      |
      = help: between the slashes, use lower-case letters, digits, hyphens and dots, and no hyphen at the ends
    <stdin>: /B refused
    error: 1 fault; nothing was written
    "#);
}

#[test]
fn all_faults_of_all_files_are_told_together() {
    let scratch = Scratch::new()
        .file("a.json", three_faults())
        .file("b.json", pod("/b"))
        .file("c.json", one_fault());
    let told = scratch.inject(&["a.json", "b.json", "c.json"]).refused();
    assert_eq!(told.err.matches("error[").count(), 4, "{}", told.err);
    assert!(!told.err.contains("injected"), "nothing was: {}", told.err);
    assert!(told.err.ends_with("\nerror: 4 faults; nothing was written\n"));
}

#[test]
fn a_file_of_other_text_does_not_hide_the_faults_of_the_others() {
    let scratch = Scratch::new()
        .file("a.json", "not JSON")
        .file("b.json", b"{\"id\": \"\xff\"}")
        .file("c.json", one_fault());
    let told = scratch.inject(&["a.json", "b.json", "c.json"]).refused();
    for name in ["a.json", "b.json", "c.json"] {
        assert!(told.err.contains(&format!("--> {name}:")), "{}", told.err);
    }
    assert!(told.err.ends_with("\nerror: 3 faults; nothing was written\n"));
}

#[test]
fn inputs_that_cannot_be_read_do_not_hide_the_faults_of_the_others() {
    let scratch = Scratch::new().file("broken.json", one_fault()).directory("pods");
    File::create(scratch.path("large.json")).unwrap().set_len(513 << 20).unwrap();
    let inputs = ["no.json", "pods", "large.json", "broken.json"];
    insta::assert_snapshot!(scratch.inject(&inputs).refused().err, @r#"
    error: no.json: No such file or directory (os error 2)
    error: pods: no .json files in this directory
    error: large.json: larger than 512 MiB
    error[P03]: `id` cannot be "/B" (Marathon: error.pattern)
     --> broken.json:2:9
      |
    2 |   "id": "/B",
      |         ^^^^ /id
      |
      = help: between the slashes, use lower-case letters, digits, hyphens and dots, and no hyphen at the ends
    broken.json: /B refused
    error: 4 faults; nothing was written
    "#);
}

#[test]
fn a_name_that_is_no_utf8_does_not_hide_the_faults_of_the_other_files() {
    let scratch = Scratch::new().file("pods/broken.json", one_fault());
    let name = std::ffi::OsStr::from_bytes(b"\xff.json");
    File::create(scratch.path("pods").join(name)).unwrap();
    let told = scratch.inject(&["pods"]).refused();
    told.says("error: pods: the file name \"\\xFF.json\" is not UTF-8\n")
        .says("--> pods/broken.json:2:9")
        .says("error: 2 faults; nothing was written\n");
}

#[test]
fn a_directory_that_cannot_be_read_does_not_hide_the_faults_of_the_others() {
    let scratch = Scratch::with(&one_fault()).file("pods/shut/a.json", pod("/a"));
    let shut = scratch.path("pods/shut");
    fs::set_permissions(&shut, Permissions::from_mode(0o000)).unwrap();
    if fs::read_dir(&shut).is_ok() {
        eprintln!("SKIPPED: root reads every directory, so one that is shut is not tested");
        return;
    }
    let told = scratch.inject(&["pods", "pod.json"]).refused();
    fs::set_permissions(&shut, Permissions::from_mode(0o755)).unwrap();
    told.says("error: pods/shut: Permission denied (os error 13)\n")
        .says("error: 2 faults; nothing was written\n");
}

#[test]
fn a_bad_pod_of_a_group_keeps_the_whole_group_back() {
    let group = format!("{{\"pods\": [{}, {}]}}", pod("/a"), one_fault());
    let told = Scratch::new().inject(&[]).stdin(group).refused();
    told.says("/pods/1/id").says("error: 1 fault; nothing was written");
}

#[test]
fn a_refused_document_feeds_nothing_into_a_pipe() {
    let scratch = Scratch::new().file("broken.json", one_fault());
    let told = scratch.run("sh", &["-c", "\"$0\" broken.json | wc -c", INJECT]).done();
    assert_eq!(told.out.trim(), "0");
}

#[test]
fn a_refusal_is_one_even_if_nobody_hears_it() {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let scratch = Scratch::with(&one_fault());
    let mut command = Command::new(INJECT);
    command.arg(scratch.path("pod.json")).env_clear().stdout(Stdio::null()).stderr(writer);
    assert_eq!(command.status().unwrap().code(), Some(2));
}

#[test]
fn an_empty_input_is_refused() {
    insta::assert_snapshot!(said(""), @r"
    error[J02]: the input is empty
     --> <stdin>:1:1
      |
    1 |
      | ^
      |
      = help: a pod, an app, a group or an array of them was expected
    error: 1 fault; nothing was written
    ");
    assert!(said(" \n\n").contains("the input is empty"));
}

#[test]
fn bytes_that_are_no_utf8_are_refused_at_their_place() {
    insta::assert_snapshot!(said(*b"{\n  \"id\": \"/\xe9t\xe9\"\n}\n"), @r#"
    error[J03]: the input is not valid UTF-8
     --> <stdin>:2:11
      |
    2 |   "id": "/�t�"
      |           ^
      |
      = help: JSON is UTF-8 text (RFC 8259 §8.1); save the file as UTF-8
    error: 1 fault; nothing was written
    "#);
}

#[test]
fn utf16_is_refused_by_its_name() {
    let wide: Vec<u8> =
        "\u{feff}{}".encode_utf16().flat_map(|unit: u16| unit.to_le_bytes()).collect();
    assert!(said(wide).contains("this looks like UTF-16; save the file as UTF-8"));
}

#[test]
fn text_after_the_document_is_refused() {
    insta::assert_snapshot!(said("{\"id\": \"/a\"}\n{\"id\": \"/b\"}\n"), @r#"
    error[J01]: invalid JSON: trailing characters
     --> <stdin>:2:1
      |
    2 | {"id": "/b"}
      | ^
      |
      = help: one document a file: put several pods into one array
    error: 1 fault; nothing was written
    "#);
}

#[test]
fn a_document_that_was_cut_off_is_refused() {
    let text = pod("/a");
    assert!(said(&text[..text.len() / 2]).contains("was the file cut off?"));
}

#[test]
fn a_scalar_is_refused() {
    for (text, found) in [("42", "a number"), ("\"x\"", "a string"), ("null", "null")] {
        let said = said(text);
        assert!(
            said.starts_with(&format!("error[J07]: expected a pod, found {found}\n")),
            "{said}"
        );
    }
}

#[test]
fn a_key_that_is_written_twice_is_refused() {
    assert!(said("{\"id\": \"/a\", \"id\": \"/b\"}").contains("the key \"id\" is written twice"));
}

#[test]
fn ten_thousand_levels_are_refused() {
    let arrays = format!("{{\"containers\":{}{}}}", "[".repeat(10_000), "]".repeat(10_000));
    let objects = format!("{}1{}", "{\"groups\":[".repeat(10_000), "]}".repeat(10_000));
    for text in [arrays, objects] {
        assert!(said(text).contains("nested deeper than"));
    }
}

#[test]
fn an_input_above_the_limit_is_refused() {
    let scratch = Scratch::new();
    File::create(scratch.path("large.json")).unwrap().set_len(513 << 20).unwrap();
    let told = scratch.inject(&["large.json"]).refused();
    let expected = "error: large.json: larger than 512 MiB\nerror: 1 fault; nothing was written\n";
    assert_eq!(told.err, expected);
}

#[test]
fn a_definition_that_marathon_could_not_store_is_refused() {
    let pod = pod("/a").replacen('{', &format!("{{\"x\": [{}1],", "1,".repeat(3 << 20)), 1);
    assert!(said(pod).contains("larger than 4 MiB"));
}

#[test]
fn what_cannot_be_a_definition_is_refused_where_one_belongs() {
    assert!(said("[1]").contains("expected a pod, an app or a group, found a number"));
    let many = format!("[{}{{}}]", "{},".repeat(1_000_000));
    assert!(said(many).contains("more than 1000000 elements"));
}

#[test]
fn of_very_many_findings_the_rest_is_counted() {
    let warned = pod("/a").replacen('{', "{\"fetch\": [],", 1);
    let pods = vec![warned; 1_100].join(",");
    let told = Scratch::new().inject(&[]).stdin(format!("[{pods}]")).done();
    told.says("note: 100 more findings are not shown");
    let told = Scratch::new().inject(&["--strict"]).stdin(format!("[{pods}]")).ends(1);
    told.says("error: 1100 warnings under --strict");
}

#[test]
fn a_quiet_run_does_not_count_what_it_would_not_have_told() {
    let pods = vec![pod("/a").replacen('{', "{\"fetch\": [],", 1); 1_100].join(",");
    let told = Scratch::new().inject(&["--quiet"]).stdin(format!("[{pods}]")).done();
    assert_eq!(told.err, "");
}

#[test]
fn a_byte_order_mark_is_kept() {
    let told = Scratch::new().inject(&[]).stdin(format!("\u{feff}{}", pod("/a"))).done();
    assert!(told.out.starts_with("\u{feff}{\n"));
    assert_eq!(told.out.trim_start_matches('\u{feff}'), injected(&pod("/a")));
}

fn injected(text: &str) -> String {
    Scratch::new().inject(&[]).stdin(text).done().out
}

#[test]
fn windows_line_endings_are_kept_and_used() {
    let out = injected(&pod("/a").replace('\n', "\r\n"));
    assert_eq!(out, injected(&pod("/a")).replace('\n', "\r\n"));
}

#[test]
fn the_documents_own_spelling_is_kept() {
    let text = pod("/a").replace("\"cpus\": 0.1", "\"cpus\":1.0e-1 ").replace('/', "\\/");
    let out = injected(&text);
    let (head, _) = text.split_once("  ],\n  \"networks\"").unwrap();
    assert!(out.starts_with(head.trim_end()), "{out}");
    let pod = serde_json::from_str(&out).unwrap();
    assert_eq!(container_names(&pod), ["app", "istio-init", "istio-proxy"]);
}

#[test]
fn a_port_that_the_proxy_needs_is_refused() {
    let told = Scratch::new().inject(&["--status-port", "8000"]).stdin(pod("/a")).refused();
    told.says("container port 8000 is pilot-agent's health endpoint");
    let told = Scratch::new().inject(&["--proxy-listen-port", "15000"]).stdin(pod("/a")).refused();
    told.says("port 15000 would be both Envoy's port for captured traffic and Envoy's admin port");
}

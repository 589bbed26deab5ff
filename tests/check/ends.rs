//! How a check ends: 0 where all is well, 1 where something is wrong, 2 where that cannot be told.

use serde_json::json;

use crate::scratch::{Scratch, labels, pod, pod_with};

const FORMATS: [&str; 4] = ["human", "json", "sarif", "github"];

/// A pod of which there is a warning, and nothing worse.
fn warned() -> String {
    pod_with("/a", labels(json!({"sidecar.istio.io/injekt": "true"})))
}

#[test]
fn a_pod_that_is_not_injected_fails() {
    let scratch = Scratch::with(&pod("/a"));
    for format in FORMATS {
        scratch.inject(&["check", "--format", format, "pod.json"]).ends(1).says("error: 1 error\n");
    }
}

#[test]
fn a_pod_that_is_injected_later_passes() {
    Scratch::with(&pod("/a")).inject(&["check", "--uninjected", "pod.json"]).done();
}

#[test]
fn a_stale_pod_fails_even_where_it_is_injected_later() {
    let scratch = Scratch::with(&pod("/a"));
    scratch.inject(&["-i", "pod.json"]).done();
    scratch.inject(&["check", "--uninjected", "--domain", "mesh.example", "pod.json"]).ends(1);
}

#[test]
fn a_warning_fails_a_strict_check_only() {
    let scratch = Scratch::with(&warned());
    let told = scratch.inject(&["check", "--uninjected", "pod.json"]).done();
    assert!(told.out.contains("warning[I08]"), "{}", told.out);
    let strict = ["check", "--uninjected", "--strict", "pod.json"];
    scratch.inject(&strict).ends(1).says("error: 1 warning under --strict\n");
}

#[test]
fn a_note_fails_no_check() {
    let excluded = labels(json!({"traffic.sidecar.istio.io/excludeInboundPorts": "8000"}));
    let scratch = Scratch::with(&pod_with("/a", excluded));
    let told = scratch.inject(&["check", "--uninjected", "--strict", "pod.json"]).done();
    assert!(told.out.contains("note[I19]"), "{}", told.out);
}

#[test]
fn a_document_that_cannot_be_read_is_told_in_every_format() {
    let cases: [(&str, &[u8]); 4] =
        [("J01", b"{"), ("J02", b""), ("J03", b"\"\xff\""), ("J04", b"{\"a\": 1, \"a\": 2}")];
    for (code, bytes) in cases {
        let scratch = Scratch::new().file("pod.json", bytes);
        for format in FORMATS {
            let told = scratch.inject(&["check", "--format", format, "pod.json"]).ends(2);
            assert!(told.out.contains(code), "{code}: {}", told.out);
        }
    }
}

#[test]
fn a_file_that_is_not_there_is_told_in_every_format_and_hides_no_other() {
    let scratch = Scratch::with(&pod("/a"));
    for format in FORMATS {
        let arguments = ["check", "--format", format, "nothing.json", "pod.json"];
        let told = scratch.inject(&arguments).ends(2);
        for words in ["J09", "No such file or directory", "name a file that is there", "I01"] {
            assert!(told.out.contains(words), "{words}: {}", told.out);
        }
    }
}

#[test]
fn settings_with_faults_end_the_check_before_it_begins() {
    let scratch = Scratch::with(&pod("/a"));
    let told = scratch.inject(&["check", "--proxy-cpu", "much", "pod.json"]).refused();
    told.says("proxy-cpu: invalid value").says("nothing was checked");
}

#[test]
fn a_quiet_check_tells_only_what_fails() {
    let scratch = Scratch::with(&warned());
    let quiet = ["check", "--uninjected", "--quiet", "pod.json"];
    assert_eq!(scratch.inject(&quiet).done().out, "");
    let told = scratch.inject(&["check", "--quiet", "pod.json"]).ends(1);
    assert!(told.out.starts_with("error[I01]"), "{}", told.out);
    assert!(!told.out.contains("I08"), "{}", told.out);
}

#[test]
fn standard_input_is_a_document_too() {
    let told = Scratch::new().inject(&["check", "-"]).stdin(pod("/a")).ends(1);
    assert!(told.out.starts_with("<stdin>: /a not injected\n"), "{}", told.out);
}

#[test]
fn what_was_checked_stays_as_it_is() {
    let scratch = Scratch::with(&pod("/a"));
    scratch.inject(&["check", "pod.json"]).ends(1);
    assert_eq!(scratch.names(), ["pod.json"]);
    assert_eq!(scratch.read("pod.json"), pod("/a"));
}

#[test]
fn a_code_that_is_none_is_refused() {
    Scratch::new().inject(&["check", "--explain", "X99"]).refused().says("there is no code X99");
}

#[test]
fn a_code_is_explained_without_anything_to_check() {
    let told = Scratch::new().inject(&["check", "--explain", "i02"]).done();
    assert!(told.out.starts_with("I02 The sidecar is stale\n\n"), "{}", told.out);
    Scratch::new().inject(&["check", "--explain", "I2"]).refused().says("did you mean I02");
}

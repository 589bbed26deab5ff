//! `--emit`: documents, patches, diffs.

use json_patch::Patch;
use serde_json::{Value, json};

use crate::scratch::{Scratch, pod, pod_value, pretty, there_is};

const APP: &str = "{\"id\": \"/a\", \"cmd\": \"true\"}";

/// Documents of every shape that has pods.
fn documents() -> Vec<String> {
    let pods = || json!([pod_value("/a", json!({"labels": {}})), pod_value("/b", json!({}))]);
    let group = json!({"id": "/g", "groups": [{"id": "/g/h", "pods": pods()}], "apps": []});
    vec![pod("/a"), pretty(&pods()), pretty(&group)]
}

#[test]
fn a_patch_makes_the_injected_document_of_the_original() {
    for text in documents() {
        let scratch = Scratch::with(&text);
        let told = scratch.inject(&["--emit", "patch", "pod.json"]).done();
        let patch: Patch = serde_json::from_str(&told.out).unwrap();
        let mut document: Value = serde_json::from_str(&text).unwrap();
        json_patch::patch(&mut document, &patch).unwrap();
        assert_eq!(document, scratch.injected(&["pod.json"]));
    }
}

#[test]
fn a_patch_updates_an_injected_document() {
    let scratch = Scratch::with(&pod("/a"));
    scratch.inject(&["-i", "pod.json"]).done();
    let flags = ["--proxy-cpu", "2", "pod.json"];
    let patch = scratch.inject(&[&["--emit", "patch"], &flags[..]].concat()).done().json();
    let mut document: Value = serde_json::from_str(&scratch.read("pod.json")).unwrap();
    json_patch::patch(&mut document, &serde_json::from_value::<Patch>(patch).unwrap()).unwrap();
    assert_eq!(document, scratch.injected(&flags));
}

#[test]
fn a_patch_has_an_operation_a_line() {
    let out = Scratch::with(&pod("/a")).inject(&["--emit=patch", "pod.json"]).done().out;
    let lines: Vec<_> = out.lines().collect();
    assert_eq!((lines[0], lines[lines.len() - 1]), ("[", "]"));
    assert!(lines[1..lines.len() - 1].iter().all(|line| line.starts_with("  {\"op\":")), "{out}");
}

#[test]
fn an_unchanged_document_has_an_empty_patch() {
    let told = Scratch::new().inject(&["--emit", "patch"]).stdin(APP).done();
    assert_eq!(told.out, "[]\n");
    assert_eq!(told.err, "<stdin>: /a passed through: an app, not a pod\n");
}

#[test]
fn an_unchanged_document_has_no_diff() {
    assert_eq!(Scratch::new().inject(&["--emit", "diff"]).stdin(APP).done().out, "");
}

#[test]
fn a_diff_shows_a_few_lines_around_what_is_added() {
    let out = Scratch::with(&pod("/a")).inject(&["--emit", "diff", "pod.json"]).done().out;
    let shown: Vec<_> = out.lines().filter(|line| !line.starts_with('+')).collect();
    insta::assert_snapshot!(shown.join("\n"), @r#"
    --- a/pod.json
    @@ -21,6 +21,94 @@
               ]
             }
           ]
         }
       ],
       "networks": [
    @@ -28,5 +116,14 @@
           "mode": "container",
           "name": "dcos"
         }
    -  ]
     }
    "#);
    assert!(out.contains("\n+++ b/pod.json\n"));
}

/// Applies the diff of the file `name` to it with patch(1).
fn patched(name: &str, text: &str) {
    let scratch = Scratch::new().file(name, text);
    let expected = scratch.inject(&[name]).done().out;
    let diff = scratch.inject(&["--emit", "diff", name]).done().out;
    scratch.run("patch", &["-p1", "--binary", "--fuzz=0"]).stdin(diff).done();
    assert_eq!(scratch.read(name), expected, "{name}");
}

#[test]
fn patch_takes_a_diff() {
    if !there_is("patch", "that patch(1) takes a diff") {
        return;
    }
    for text in documents() {
        patched("pods/a.json", &text);
        patched("no final newline.json", text.trim_end());
        patched("crlf.json", &text.replace('\n', "\r\n"));
        patched("one-line.json", &text.replace('\n', ""));
        patched("bom.json", &format!("\u{feff}{text}"));
    }
}

#[test]
fn a_diff_names_files_as_patch_takes_them() {
    let scratch = Scratch::with(&pod("/a"));
    let absolute = scratch.path("pod.json").to_str().unwrap().to_owned();
    // Up to the root and down again.
    let up = format!("{}{}", "../".repeat(40), &absolute[1..]);
    let names = [("./pod.json", "pod.json"), ("-", "stdin")];
    for (input, name) in names.into_iter().chain([&absolute, &up].map(|up| (&**up, &absolute[1..])))
    {
        let told = scratch.inject(&["--emit", "diff", input]).stdin(pod("/a")).done();
        assert!(told.out.starts_with(&format!("--- a/{name}\n+++ b/{name}\n")), "{}", told.out);
    }
}

#[test]
fn patch_takes_the_diffs_of_a_directory() {
    if !there_is("patch", "that patch(1) takes several diffs") {
        return;
    }
    let scratch = Scratch::new().file("pods/a.json", pod("/a")).file("pods/b.json", pod("/b"));
    let diff = scratch.inject(&["--emit", "diff", "pods"]).done().out;
    scratch.run("patch", &["-p1"]).stdin(diff).done();
    let told = scratch.inject(&["pods"]).done();
    assert_eq!(told.err, "pods/a.json: /a up to date\npods/b.json: /b up to date\n");
}

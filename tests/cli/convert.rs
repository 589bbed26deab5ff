//! `inject convert` and `--convert-apps`: apps as pods, on files and streams.

use json_patch::Patch;
use serde_json::{Value, json};

use crate::scratch::{Scratch, container_names, pod, pretty};

/// An app that nothing can be said against: it is a pod already, but for its form.
fn app(id: &str) -> Value {
    json!({
        "id": id,
        "cmd": "./serve",
        "cpus": 0.1,
        "mem": 32,
        "container": {"type": "MESOS", "docker": {"image": "example/app:1"}},
        "networks": [{"mode": "container", "name": "dcos"}],
    })
}

fn group() -> Value {
    json!({
        "id": "/g",
        "apps": [app("/g/a")],
        "pods": [serde_json::from_str::<Value>(&pod("/g/p")).unwrap()],
        "groups": [{"id": "/g/h", "apps": [app("/g/h/b")]}],
        "dependencies": ["/db"],
    })
}

/// Such as Marathon refuses, for pods have no such thing.
fn privileged() -> Value {
    let mut app = app("/root");
    app["container"]["docker"]["privileged"] = json!(true);
    app["container"]["type"] = json!("DOCKER");
    app
}

#[test]
fn an_app_becomes_a_pod() {
    let told = Scratch::new().inject(&["convert"]).stdin(pretty(&app("/a"))).done();
    assert_eq!(told.err, "<stdin>: /a converted\n");
    let pod = told.json();
    assert_eq!((container_names(&pod), &pod["id"]), (vec!["a"], &json!("/a")));
    assert_eq!(pod["containers"][0]["exec"]["command"]["shell"], "./serve");
}

#[test]
fn a_group_keeps_its_shape() {
    let told = Scratch::new().inject(&["convert"]).stdin(pretty(&group())).done();
    assert_eq!(
        told.err,
        "<stdin>: /g/a converted\n<stdin>: /g/p passed through: already a pod\n\
         <stdin>: /g/h/b converted\n"
    );
    let group = told.json();
    let ids = |pods: &Value| {
        let ids = pods.as_array().unwrap().iter().map(|pod| pod["id"].as_str().unwrap().to_owned());
        ids.collect::<Vec<_>>()
    };
    assert_eq!(ids(&group["pods"]), ["/g/p", "/g/a"]);
    assert_eq!(ids(&group["groups"][0]["pods"]), ["/g/h/b"]);
    assert_eq!((group.get("apps"), &group["dependencies"]), (None, &json!(["/db"])));
}

#[test]
fn converted_and_injected_at_once_is_one_after_the_other() {
    for value in [app("/a"), json!([app("/a"), app("/b")]), group()] {
        let text = pretty(&value);
        let pods = Scratch::new().inject(&["convert"]).stdin(text.clone()).done().out;
        let later = Scratch::new().inject(&[]).stdin(pods).done().out;
        let told = Scratch::new().inject(&["--convert-apps"]).stdin(text).done();
        assert_eq!(told.out, later);
        told.says("<stdin> (converted): ").says("injected\n");
    }
}

#[test]
fn the_patch_of_both_makes_the_result_of_the_original() {
    for value in [app("/a"), group()] {
        let text = pretty(&value);
        let run = |arguments: &[&str]| Scratch::new().inject(arguments).stdin(text.clone()).done();
        let patch: Patch =
            serde_json::from_value(run(&["--convert-apps", "--emit", "patch"]).json()).unwrap();
        let mut document = value;
        json_patch::patch(&mut document, &patch).unwrap();
        assert_eq!(document, run(&["--convert-apps"]).json());
    }
}

#[test]
fn a_diff_is_from_the_app_to_the_injected_pod() {
    let arguments = ["--convert-apps", "--emit", "diff", "app.json"];
    let told = Scratch::new().file("app.json", pretty(&app("/a"))).inject(&arguments).done();
    assert!(told.out.starts_with("--- a/app.json\n+++ b/app.json\n"), "{}", told.out);
    for line in ["-  \"cmd\": \"./serve\",", "+      \"name\": \"istio-proxy\","] {
        assert!(told.out.lines().any(|it| it == line), "{line:?} is missing in {}", told.out);
    }
}

#[test]
fn files_are_replaced_in_place_and_pods_among_them_left_alone() {
    let scratch = Scratch::new().file("a.json", pretty(&app("/a"))).file("b.json", pod("/b"));
    let told = scratch.inject(&["convert", "-i", "a.json", "b.json"]).done();
    assert_eq!(told.err, "a.json: /a converted\nb.json: /b passed through: already a pod\n");
    assert!(scratch.read("a.json").contains("\"containers\""));
    assert_eq!(scratch.read("b.json"), pod("/b"));
}

#[test]
fn what_no_pod_can_have_is_refused_and_no_file_is_touched() {
    let scratch =
        Scratch::new().file("a.json", pretty(&app("/a"))).file("b.json", pretty(&privileged()));
    for arguments in [&["convert", "-i", "a.json", "b.json"][..], &["--convert-apps", "-i", "."]] {
        let told = scratch.inject(arguments).refused();
        told.says("error[C22]: ")
            .says("/container/docker/privileged")
            .says("b.json: /root refused\nerror: 1 fault; nothing was written\n");
        assert_eq!(scratch.read("a.json"), pretty(&app("/a")));
        assert_eq!(scratch.read("b.json"), pretty(&privileged()));
    }
}

#[test]
fn a_directory_gets_the_pods_under_the_names_of_the_apps() {
    let scratch = Scratch::new().file("apps/x/a.json", pretty(&app("/a"))).directory("pods");
    scratch.inject(&["convert", "apps", "-o", "pods"]).done();
    assert!(scratch.read("pods/x/a.json").contains("\"containers\""));
    assert_eq!(scratch.read("apps/x/a.json"), pretty(&app("/a")));
}

#[test]
fn without_the_flag_apps_pass_through() {
    let text = pretty(&app("/a"));
    assert_eq!(Scratch::new().inject(&[]).stdin(text.clone()).done().out, text);
}

#[test]
fn bad_input_is_refused_as_everywhere() {
    for text in ["{\"id\": ", "{\"id\": \"/a\", \"cmd\": \"a\", \"cmd\": \"b\"}", "3"] {
        for command in ["convert", "--convert-apps"] {
            let told = Scratch::with(text).inject(&[command, "pod.json"]).refused();
            told.says("--> pod.json:1:").says("error: 1 fault; nothing was written\n");
        }
    }
}

#[test]
fn many_apps_may_be_larger_than_one_definition() {
    let large = |index| {
        let mut app = app(&format!("/a{index}"));
        app["labels"] = json!({"about": "x".repeat(100_000)});
        app
    };
    let apps = (0..60).map(large).collect::<Value>().to_string();
    let told = Scratch::new().inject(&["convert", "-q"]).stdin(apps).done();
    assert_eq!(told.json().as_array().unwrap().len(), 60);
    let endless = format!("[{}]", pretty(&app("/a")).trim_end().to_owned() + &" ".repeat(17 << 20));
    Scratch::new().inject(&["convert"]).stdin(endless).refused().says("larger than 16 MiB");
}

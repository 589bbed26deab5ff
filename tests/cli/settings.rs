//! Settings: defaults, MeshConfig, config file, environment, flags and labels, each over the one
//! before, and what is said of bad ones.

use serde_json::{Value, json};

use crate::scratch::{Scratch, container, labels, pod, pod_with, proxy_variable};

/// A pod, a MeshConfig and a config file.
fn scratch() -> Scratch {
    Scratch::with(&pod("/a"))
        .file("mesh.yaml", "defaultConfig:\n  discoveryAddress: mesh.example.com:1\n")
        .file("inject.toml", "discovery-address = \"file.example.com:2\"\n")
}

fn discovery_address(pod: &Value) -> &Value {
    proxy_variable(pod, "ISTIO_DISCOVERY_ADDRESS")
}

#[test]
fn each_source_of_settings_wins_over_the_one_before() {
    const LABEL: &str = "sidecar.istio.io/discoveryAddress";
    let labelled = pod_with("/a", labels(json!({LABEL: "label.example.com:5"})));
    let scratch = scratch().file("labelled.json", labelled);
    let variable = ("INJECT_DISCOVERY_ADDRESS", "variable.example.com:3");
    let mesh = ["--mesh-config-file", "mesh.yaml"];
    let file = [&mesh[..], &["--config", "inject.toml"]].concat();
    let flag = [&file[..], &["--discovery-address", "flag.example.com:4"]].concat();
    let unset = ("HOME", "/");
    let default = "pilot.marathon.containerip.dcos.thisdcos.directory:15010";
    let layers = [
        (default, "pod.json", &[][..], unset),
        ("mesh.example.com:1", "pod.json", &mesh, unset),
        ("file.example.com:2", "pod.json", &file, unset),
        ("variable.example.com:3", "pod.json", &file, variable),
        ("flag.example.com:4", "pod.json", &flag, variable),
        ("label.example.com:5", "labelled.json", &flag, variable),
    ];
    for (expected, pod, flags, (name, value)) in layers {
        let told = scratch.inject(&[&[pod], flags].concat()).env(name, value).done();
        assert_eq!(*discovery_address(&told.json()), *expected);
        assert_eq!(told.err, format!("{pod}: /a injected\n"));
    }
}

#[test]
fn a_variable_names_the_config_file() {
    let told = scratch().inject(&["pod.json"]).env("INJECT_CONFIG", "inject.toml").done();
    assert_eq!(*discovery_address(&told.json()), "file.example.com:2");
    assert_eq!(told.err, "pod.json: /a injected\n");
}

#[test]
fn kube_injects_spellings_of_flags_are_taken() {
    let spellings = [
        ("--includeIPRanges", "10.0.0.0/8", "istio-init", "ISTIO_SERVICE_CIDR", "10.0.0.0/8"),
        (
            "--excludeIPRanges",
            "10.1.0.0/16",
            "istio-init",
            "ISTIO_SERVICE_EXCLUDE_CIDR",
            "10.1.0.0/16",
        ),
        ("--includeInboundPorts", "80,81", "istio-init", "ISTIO_INBOUND_PORTS", "80,81"),
        ("--excludeInboundPorts", "8000", "istio-init", "ISTIO_INBOUND_PORTS", ""),
        ("--statusPort", "15020", "istio-proxy", "ISTIO_STATUS_PORT", "15020"),
    ];
    for (flag, value, name, variable, expected) in spellings {
        let pod = scratch().injected(&["pod.json", flag, value]);
        assert_eq!(container(&pod, name)["environment"][variable], expected, "{flag}");
    }
    let pod = scratch().injected(&["pod.json", "--imagePullPolicy", "Always"]);
    assert_eq!(container(&pod, "istio-proxy")["image"]["forcePull"], true);
    let pod = scratch().injected(&["-f", "pod.json", "--meshConfigFile=mesh.yaml"]);
    assert_eq!(*discovery_address(&pod), "mesh.example.com:1");
}

#[test]
fn kube_injects_templates_are_refused_with_another_way() {
    let told = scratch().inject(&["pod.json", "--injectConfigFile", "inject.yaml"]).refused();
    insta::assert_snapshot!(told.err, @r"
    error: --injectConfigFile: there are no templates here
      = help: describe what is to differ in a partial pod and name it with --overlay
    error: 1 fault; nothing was written
    ");
}

#[test]
fn every_setting_has_a_variable() {
    let told = scratch().inject(&["pod.json"]).env("INJECT_PROXY_MEMORY", "1Gi").done();
    assert_eq!(container(&told.json(), "istio-proxy")["resources"]["mem"], 1024);
}

#[test]
fn a_variable_that_sets_nothing_is_a_warning() {
    let told = scratch().inject(&["pod.json"]).env("INJECT_PROXY_IMGE", "x").done();
    let expected = "warning: the environment variable INJECT_PROXY_IMGE sets nothing\n\
        pod.json: /a injected\n";
    assert_eq!(told.err, expected);
    scratch().inject(&["--strict", "pod.json"]).env("INJECT_PROXY_IMGE", "x").ends(1);
}

#[test]
fn bad_flags_and_variables_are_told_together_by_their_names() {
    let flags = ["pod.json", "--proxy-image", "a b", "--statusPort", "high"];
    let told = scratch().inject(&flags).env("INJECT_PROXY_CPU", "much").refused();
    insta::assert_snapshot!(told.err, @r#"
    error: --proxy-image: invalid value "a b": expected an image such as docker.io/istio/proxyv2:1.0.5
    error: INJECT_PROXY_CPU: invalid value "much": expected CPU shares such as 0.5 or 500m
    error: --status-port: invalid value "high": "high" is no port (1 to 65535)
    error: 3 faults; nothing was written
    "#);
}

#[test]
fn the_faults_of_all_sources_of_settings_and_of_the_inputs_are_told_together() {
    let scratch = scratch()
        .file("bad.yaml", "defaultConfig:\n  drainDuration: soon\n")
        .file("bad.toml", "overlays = [\"one.json\"]\nproxy-cpu = \"much\"\n")
        .file("one.json", "[]")
        .file("two.json", "{\"id\": \"/x\"}");
    let sources = ["--mesh-config-file", "bad.yaml", "--config", "bad.toml"];
    let flags = ["--status-port", "high", "--overlay", "two.json", "--overlay", "no.json"];
    let told = scratch.inject(&[&sources[..], &flags, &["pod.json", "none.json"]].concat());
    insta::assert_snapshot!(told.refused().err, @r#"
    error: bad.yaml: drain-duration: invalid value "soon": "soon" is no duration such as 2s, 1m30s or 500ms
    error[S01]: proxy-cpu: invalid value "much": expected CPU shares such as 0.5 or 500m
     --> bad.toml:2:13
      |
    2 | proxy-cpu = "much"
      |             ^^^^^^
      |
      = help: docs/settings.md lists the settings and what they take
    error: --status-port: invalid value "high": "high" is no port (1 to 65535)
    error[O01]: expected a partial pod, found an array
     --> one.json:1:1
      |
    1 | []
      | ^^
      |
      = help: an overlay is an object such as {"containers": [{"name": "istio-proxy", …}]}
    error[O02]: an overlay cannot set "id" of a pod
     --> two.json:1:2
      |
    1 | {"id": "/x"}
      |  ^^^^ /id
      |
      = help: an overlay is laid over every pod: set it in the pod itself
    error: no.json: No such file or directory (os error 2)
    error: none.json: No such file or directory (os error 2)
    error: 7 faults; nothing was written
    "#);
}

#[test]
fn a_flag_is_not_taken_for_the_value_of_a_setting() {
    let told = scratch().inject(&["pod.json", "--proxy-image", "--strict"]).refused();
    told.says("a value is required for '--proxy-image <IMAGE>'");
}

#[test]
fn a_bad_value_is_refused_even_if_another_source_wins() {
    let scratch = scratch().file("bad.toml", "status-port = 'high'\n");
    scratch.inject(&["pod.json", "--config", "bad.toml", "--status-port", "1"]).refused();
}

#[test]
fn all_faults_of_a_config_file_are_shown_at_their_places() {
    let scratch = scratch().file("bad.toml", "proxy-cpu = \"much\"\n\nstatus-port = 99999\n");
    let told = scratch.inject(&["pod.json", "--config", "bad.toml"]).refused();
    insta::assert_snapshot!(told.err, @r#"
    error[S01]: proxy-cpu: invalid value "much": expected CPU shares such as 0.5 or 500m
     --> bad.toml:1:13
      |
    1 | proxy-cpu = "much"
      |             ^^^^^^
      |
      = help: docs/settings.md lists the settings and what they take
    error[S01]: status-port: invalid value "99999": "99999" is no port (1 to 65535)
     --> bad.toml:3:15
      |
    3 | status-port = 99999
      |               ^^^^^
      |
      = help: docs/settings.md lists the settings and what they take
    error: 2 faults; nothing was written
    "#);
}

#[test]
fn an_unknown_key_of_a_config_file_is_refused_with_the_nearest() {
    let scratch = scratch().file("bad.toml", "proxy-imag = \"x\"\n");
    let told = scratch.inject(&["pod.json", "--config", "bad.toml"]).refused();
    insta::assert_snapshot!(told.err, @r#"
    error[S01]: unknown setting "proxy-imag"
     --> bad.toml:1:1
      |
    1 | proxy-imag = "x"
      | ^^^^^^^^^^
      |
      = help: did you mean proxy-image?
    error: 1 fault; nothing was written
    "#);
}

#[test]
fn a_config_file_that_is_no_toml_is_refused() {
    let scratch = scratch().file("bad.toml", "proxy-image: x\n");
    scratch.inject(&["pod.json", "--config", "bad.toml"]).refused().says("--> bad.toml:1:");
}

#[test]
fn a_missing_config_file_is_refused() {
    scratch()
        .inject(&["pod.json", "--config", "no.toml"])
        .refused()
        .says("error: no.toml: No such file or directory (os error 2)\n");
}

#[test]
fn a_bad_value_of_a_mesh_config_is_refused_by_file_and_setting() {
    let scratch = scratch().file("bad.yaml", "defaultConfig:\n  drainDuration: soon\n");
    let told = scratch.inject(&["pod.json", "--meshConfigFile", "bad.yaml"]).refused();
    let expected = "error: bad.yaml: drain-duration: invalid value \"soon\": \
        \"soon\" is no duration such as 2s, 1m30s or 500ms\nerror: 1 fault; nothing was written\n";
    assert_eq!(told.err, expected);
}

#[test]
fn an_unknown_field_of_a_mesh_config_is_refused() {
    let scratch = scratch().file("bad.yaml", "defaultConfg: {}\n");
    let told = scratch.inject(&["pod.json", "--meshConfigFile", "bad.yaml"]).refused();
    let expected = "error: bad.yaml: unknown field \"defaultConfg\" in MeshConfig\n\
        error: 1 fault; nothing was written\n";
    assert_eq!(told.err, expected);
}

#[test]
fn what_of_a_mesh_config_has_no_effect_is_noted_and_fails_nothing() {
    let scratch = scratch().file("mesh.yaml", "defaultConfig:\n  binaryPath: /envoy\n");
    let told = scratch.inject(&["--strict", "pod.json", "--meshConfigFile", "mesh.yaml"]).done();
    let expected = "note: mesh.yaml: defaultConfig.binaryPath has no effect on Marathon\n\
        pod.json: /a injected\n";
    assert_eq!(told.err, expected);
}

#[test]
fn a_bad_label_is_shown_at_its_place() {
    let pod = pod_with("/a", labels(json!({"sidecar.istio.io/proxyCPU": "much"})));
    let told = Scratch::new().inject(&[]).stdin(pod).refused();
    insta::assert_snapshot!(told.err, @r#"
    error[I11]: label "sidecar.istio.io/proxyCPU" of pod /a: invalid value "much": expected CPU shares such as 0.5 or 500m
      --> <stdin>:33:34
       |
    33 |     "sidecar.istio.io/proxyCPU": "much"
       |                                  ^^^^^^ /labels/sidecar.istio.io~1proxyCPU
       |
       = help: correct it, or remove the label to have the default
    <stdin>: /a refused
    error: 1 fault; nothing was written
    "#);
}

/// Where `istio-init` of a pod has its bundle from.
fn bundle_uri(pod: &Value) -> &Value {
    &container(pod, "istio-init")["artifacts"][0]["uri"]
}

#[test]
fn a_pods_label_says_whose_bundle_it_gets_and_wins_over_the_flag() {
    let label = json!({"istio.io/service-account.name": "bookinfo-details"});
    let scratch = scratch().file("labelled.json", pod_with("/b", labels(label)));
    let template = "https://ca/{namespace}/{service-account}/bundle-certs.tgz";
    let flags = ["--bundle-uri", template, "--service-account", "sleep", "--namespace", "shop"];
    for (pod, expected) in [
        ("pod.json", "https://ca/shop/sleep/bundle-certs.tgz"),
        ("labelled.json", "https://ca/shop/bookinfo-details/bundle-certs.tgz"),
    ] {
        let pod = scratch.injected(&[&[pod], &flags[..]].concat());
        assert_eq!(*bundle_uri(&pod), *expected);
    }
}

#[test]
fn a_label_that_names_no_service_account_is_refused_at_its_place() {
    let pod = pod_with("/a", labels(json!({"istio.io/service-account.name": "shop/details"})));
    let told = Scratch::new().inject(&[]).stdin(pod).refused();
    insta::assert_snapshot!(told.err, @r#"
    error[I11]: label "istio.io/service-account.name" of pod /a: invalid value "shop/details": "shop/details" is no service account: up to 253 lower-case letters, digits and inner dots, dashes and underscores
      --> <stdin>:33:38
       |
    33 |     "istio.io/service-account.name": "shop/details"
       |                                      ^^^^^^^^^^^^^^ /labels/istio.io~1service-account.name
       |
       = help: correct it, or remove the label to have the default
    <stdin>: /a refused
    error: 1 fault; nothing was written
    "#);
}

#[test]
fn a_misspelt_label_is_a_warning_with_the_nearest() {
    let pod = pod_with("/a", labels(json!({"sidecar.istio.io/proxyCpu": "2"})));
    let told = Scratch::new().inject(&[]).stdin(pod).done();
    told.says("warning[I08]: label \"sidecar.istio.io/proxyCpu\" is none that injection knows")
        .says("help: did you mean \"sidecar.istio.io/proxyCPU\"?");
}

#[test]
fn overlays_of_a_config_file_are_relative_to_it_and_lie_below_those_of_flags() {
    let overlay = |user: &str| format!("{{\"user\": {user:?}, \"labels\": {{{user:?}: \"x\"}}}}");
    let scratch = scratch()
        .file("conf/inject.toml", "overlays = [\"one.json\", \"deep/two.json\"]\n")
        .file("conf/one.json", overlay("one"))
        .file("conf/deep/two.json", overlay("two"))
        .file("three.json", overlay("three"));
    let flags = ["pod.json", "--config", "conf/inject.toml", "--overlay", "three.json"];
    let pod = scratch.injected(&flags);
    assert_eq!(pod["user"], "three");
    assert_eq!(pod["labels"].as_object().unwrap().len(), 3 + 2, "{}", pod["labels"]);
    assert_eq!(scratch.injected(&flags[..3])["user"], "two");
}

#[test]
fn an_old_envoy_that_dies_before_its_connections_is_refused() {
    let told = Scratch::new().inject(&["--drain-duration", "45s"]).stdin(pod("/a")).refused();
    told.says("parent-shutdown-duration (3s) has to be longer than drain-duration (45s)");
    let both = ["--drain-duration", "45s", "--parent-shutdown-duration", "1m0s"];
    Scratch::new().inject(&both).stdin(pod("/a")).done();
}

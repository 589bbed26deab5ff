//! `inject mtls`: the resources that turn mutual TLS on and off.

use serde_json::{Value, json};

use crate::scratch::Scratch;

fn printed(arguments: &[&str]) -> String {
    let told = Scratch::new().inject(&[&["mtls"], arguments].concat()).done();
    assert_eq!(told.err, "");
    told.out
}

/// The resources as `kubectl` reads them.
fn read(arguments: &[&str]) -> Vec<Value> {
    serde_saphyr::from_multiple(&printed(arguments)).unwrap()
}

#[test]
fn what_is_printed_is_that_of_the_walk_through() {
    insta::assert_snapshot!(printed(&[]), @r#"
    apiVersion: authentication.istio.io/v1alpha1
    kind: MeshPolicy
    metadata:
      name: default
    spec:
      peers:
      - mtls: {}
    ---
    apiVersion: networking.istio.io/v1alpha3
    kind: DestinationRule
    metadata:
      name: default
      namespace: default
    spec:
      host: "*.marathon.l4lb.thisdcos.directory"
      trafficPolicy:
        tls:
          mode: ISTIO_MUTUAL
    "#);
}

#[test]
fn istio_of_today_has_another_policy() {
    insta::assert_snapshot!(printed(&["--format", "peer-authentication"]), @r#"
    apiVersion: security.istio.io/v1
    kind: PeerAuthentication
    metadata:
      name: default
      namespace: istio-system
    spec:
      mtls:
        mode: STRICT
    ---
    apiVersion: networking.istio.io/v1
    kind: DestinationRule
    metadata:
      name: default
      namespace: istio-system
    spec:
      host: "*.marathon.l4lb.thisdcos.directory"
      trafficPolicy:
        tls:
          mode: ISTIO_MUTUAL
    "#);
}

#[test]
fn a_mode_says_what_services_take_and_what_clients_send() {
    for (mode, peers, sent) in [
        ("strict", json!({"peers": [{"mtls": {}}]}), "ISTIO_MUTUAL"),
        ("permissive", json!({"peers": [{"mtls": {"mode": "PERMISSIVE"}}]}), "ISTIO_MUTUAL"),
        ("disable", json!({}), "DISABLE"),
    ] {
        for format in ["kubectl", "istio-1.0"] {
            let [policy, rule] = &read(&["--mode", mode, "--format", format])[..] else {
                panic!("two resources of {mode}")
            };
            assert_eq!((&policy["kind"], &policy["spec"]), (&json!("MeshPolicy"), &peers));
            assert_eq!(rule["spec"]["trafficPolicy"]["tls"]["mode"], sent, "{mode}");
        }
        let [policy, rule] = &read(&["--mode", mode, "--format", "peer-authentication"])[..] else {
            panic!("two resources of {mode}")
        };
        assert_eq!(policy["spec"], json!({"mtls": {"mode": mode.to_uppercase()}}));
        assert_eq!(rule["spec"]["trafficPolicy"]["tls"]["mode"], sent, "{mode}");
    }
}

#[test]
fn the_rule_is_for_the_services_of_the_domain_that_is_set() {
    let scratch = Scratch::new().file("inject.toml", "domain = 'from.a.file'\n");
    let host = |arguments: &[&str], variable: &str| {
        let run = scratch.inject(&[&["mtls"], arguments].concat());
        let out = run.env("INJECT_DOMAIN", variable).done().out;
        let resources: Vec<Value> = serde_saphyr::from_multiple(&out).unwrap();
        resources[1]["spec"]["host"].clone()
    };
    let file = ["--config", "inject.toml"];
    assert_eq!(host(&[], "of.the.environment"), "*.of.the.environment");
    assert_eq!(host(&file, "of.the.environment"), "*.of.the.environment");
    let flag = [&file[..], &["--domain", "12.34"]].concat();
    assert_eq!(host(&flag, "of.the.environment"), "*.12.34");
}

#[test]
fn nothing_is_printed_for_a_domain_that_is_none() {
    let run = Scratch::new().inject(&["mtls", "--domain", "a\"\nb: c"]);
    run.refused().says("--domain: invalid value");
}

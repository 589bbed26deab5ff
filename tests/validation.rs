//! Marathon's validation of pods: a case for every rule and every trap, and, where there are public
//! documents, every pod of them with what Marathon makes of it.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "validation/corpus.rs"]
mod corpus;
#[path = "validation/large.rs"]
mod large;
#[path = "support/public.rs"]
#[allow(dead_code, reason = "each test takes what it needs")]
mod public;
#[path = "validation/reader.rs"]
mod reader;
#[path = "validation/rules.rs"]
mod rules;
#[path = "validation/traps.rs"]
mod traps;

use std::collections::BTreeSet;

use marathon_inject::document::{Diagnostic, Path, Severity, Source};
use marathon_inject::pod::{Marathon, Unfinished, validate, validate_partial};
use serde_json::Value;

/// A pod that nothing can be said against.
const VALID: &str = r#"{
  "id": "/g/p",
  "containers": [
    {
      "name": "a",
      "resources": {"cpus": 0.1, "mem": 32},
      "image": {"kind": "DOCKER", "id": "busybox"},
      "exec": {"command": {"shell": "sleep 1"}},
      "endpoints": [{"name": "http", "containerPort": 80, "protocol": ["tcp"]}]
    }
  ],
  "networks": [{"mode": "container", "name": "dcos"}]
}"#;

/// A Marathon that has neither the feature nor the flag.
const BARE: Marathon = Marathon { secrets: false, default_network_name: false };

/// A change to the valid pod and what is then found.
struct Case {
    /// The rules of all findings; the first one is the case's own.
    rules: &'static str,
    /// Members to set, as JSON pointer and JSON text; no text removes the member.
    changes: &'static [(&'static str, &'static str)],
    /// Where the first rule's finding points.
    pointer: &'static str,
    /// What it says.
    words: &'static str,
}

const fn case(
    rules: &'static str,
    changes: &'static [(&'static str, &'static str)],
    pointer: &'static str,
    words: &'static str,
) -> Case {
    Case { rules, changes, pointer, words }
}

impl Case {
    fn text(&self) -> String {
        let mut pod: Value = serde_json::from_str(VALID).unwrap();
        for (pointer, text) in self.changes {
            set(&mut pod, pointer, text);
        }
        serde_json::to_string_pretty(&pod).unwrap()
    }

    fn rule(&self) -> &'static str {
        self.rules.split(' ').next().unwrap_or_default()
    }

    fn check(&self, marathon: &Marathon) {
        let text = self.text();
        let found = findings(&text, marathon, &Unfinished::default());
        let expected: BTreeSet<_> = self.rules.split(' ').collect();
        let rules: BTreeSet<_> = found.iter().filter_map(|it| it.rule).collect();
        assert_eq!(rules, expected, "{text}\n{found:#?}");
        let rule = Some(self.rule());
        let own =
            found.iter().find(|it| it.rule == rule && it.pointer.as_deref() == Some(self.pointer));
        let own = own.unwrap_or_else(|| panic!("{rule:?} at {}: {found:#?}", self.pointer));
        assert!(own.message.contains(self.words), "{own:#?}");
        let severity =
            if self.rules.starts_with('T') { Severity::Warning } else { Severity::Error };
        assert_eq!(own.severity, severity, "{own:#?}");
        for finding in &found {
            let span = finding.span.clone().expect("a place");
            assert!(!text[span].is_empty(), "{finding:#?}");
            assert!(finding.hint.is_some(), "{finding:#?}");
        }
    }
}

/// Sets or removes a member; a new element may be one past the end.
fn set(pod: &mut Value, pointer: &str, text: &str) {
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    let name = name.replace("~1", "/").replace("~0", "~");
    let parent = pod.pointer_mut(parent).expect(pointer);
    if text.is_empty() {
        parent.as_object_mut().unwrap().remove(&name).expect(pointer);
        return;
    }
    let value = serde_json::from_str(text).expect(text);
    match parent {
        Value::Array(items) => items.push(value),
        parent => parent[name] = value,
    }
}

fn findings(text: &str, marathon: &Marathon, unfinished: &Unfinished<'_>) -> Vec<Diagnostic> {
    let source = Source::new("pod.json", text);
    let at = Path::root("");
    let pod = source.root().unwrap().tree(&at).unwrap();
    validate(&pod, &at, marathon, unfinished)
}

fn errors(found: &[Diagnostic]) -> Vec<&Diagnostic> {
    let error = |it: &&Diagnostic| it.severity == Severity::Error;
    found.iter().filter(error).collect()
}

#[test]
fn the_valid_pod_has_no_finding() {
    let found = findings(VALID, &Marathon::default(), &Unfinished::default());
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn the_reader_refuses() {
    for case in reader::CASES {
        case.check(&Marathon::default());
    }
}

#[test]
fn the_rules_refuse() {
    for case in rules::CASES {
        case.check(&Marathon::default());
    }
}

#[test]
fn a_marathon_without_secrets_and_default_network_refuses_more() {
    for case in rules::BARE {
        case.check(&BARE);
    }
}

#[test]
fn traps_are_warned_of() {
    for case in traps::CASES {
        case.check(&Marathon::default());
    }
}

#[test]
fn what_looks_wrong_and_is_right_is_left_alone() {
    for (pointer, text) in traps::FINE {
        let mut pod: Value = serde_json::from_str(VALID).unwrap();
        set(&mut pod, pointer, text);
        let text = pod.to_string();
        let found = findings(&text, &Marathon::default(), &Unfinished::default());
        assert!(found.is_empty(), "{text}\n{found:#?}");
    }
}

/// Which rules have no case, and why.
#[test]
fn every_rule_and_trap_has_a_case() {
    let elsewhere = [
        // The document's own.
        "P21", "P22", //
        // An earlier stage finds it.
        "V03", "V09", "V15", "V17", "V19", "V20", "V34", "V39", "V40", "V53", "V54", "V55", "V56",
        // Only the Mesos master knows.
        "V37",
    ];
    let tables = [reader::CASES, rules::CASES, rules::BARE, traps::CASES];
    let covered: BTreeSet<String> = tables
        .iter()
        .flat_map(|table| table.iter())
        .map(|case| case.rule().to_owned())
        .chain(elsewhere.map(str::to_owned))
        .collect();
    let all = [('P', 23), ('V', 67), ('T', 24)];
    let all: BTreeSet<String> = all
        .iter()
        .flat_map(|(stage, last)| (1..=*last).map(move |number| format!("{stage}{number:02}")))
        .collect();
    assert_eq!(covered, all);
}

#[test]
fn all_faults_come_at_once_and_in_the_order_of_the_file() {
    let text = r#"{"id": "Bad_Id", "user": "", "containers": [{"name": "a"}], "volumes": 3}"#;
    let found = findings(text, &Marathon::default(), &Unfinished::default());
    let rules: Vec<_> = found.iter().filter_map(|it| it.rule).collect();
    assert_eq!(rules, ["P03", "V06", "P01", "T14", "P02"]);
}

#[test]
fn pointers_start_where_the_pod_stands() {
    let text = r#"{"id": 1, "containers": [{"name": "a", "resources": {}, "exec": {"command": {"argv": ["a"]}}}]}"#;
    let source = Source::new("pods.json", text);
    let at = Path::root("/3");
    let pod = source.root().unwrap().tree(&at).unwrap();
    let found = validate(&pod, &at, &Marathon::default(), &Unfinished::default());
    let pointers: Vec<_> = found.iter().filter_map(|it| it.pointer.as_deref()).collect();
    assert_eq!(pointers, ["/3/id", "/3/containers/0/exec/command/argv"]);
}

#[test]
fn what_injection_completes_is_no_fault() {
    let text = VALID.replace(
        r#""containers": ["#,
        r#""containers": [
        {"name": "istio-proxy", "volumeMounts": [{"name": "istio-certs", "mountPath": "/etc/certs"}],
         "environment": {"A": 1}},"#,
    );
    let rules = |unfinished: &Unfinished<'_>| {
        let found = findings(&text, &Marathon::default(), unfinished);
        found.iter().filter_map(|it| it.rule).collect::<Vec<_>>()
    };
    assert_eq!(rules(&Unfinished::default()), ["P01", "T14", "V38", "T12", "P02"]);
    let unfinished = Unfinished {
        containers: &["istio-proxy".to_owned(), "istio-init".to_owned()],
        volumes: &["istio-certs".to_owned()],
        returning: &[],
    };
    assert_eq!(rules(&unfinished), ["P02"]);
    let others = Unfinished { containers: &["a".to_owned()], ..unfinished };
    assert_eq!(rules(&others), ["P01", "T14", "V38", "T12", "P02"]);
}

/// Injection adds the members that a container lacks; what stands in the others it takes as it is.
#[test]
fn what_an_unfinished_container_has_must_be_complete() {
    let unfinished = Unfinished {
        containers: &["istio-proxy".to_owned()],
        volumes: &["istio-certs".to_owned()],
        returning: &[],
    };
    let told = |members: &str| {
        let name = r#"{"name": "istio-proxy""#;
        let text =
            VALID.replace(r#""containers": ["#, &format!("\"containers\": [{name}, {members}}},"));
        let found = findings(&text, &Marathon::default(), &unfinished);
        let pointers = errors(&found).into_iter().map(|it| it.pointer.clone().unwrap());
        pointers.map(|it| it.replace("/containers/0", "")).collect::<Vec<_>>()
    };
    let nothing: [&str; 0] = [];
    for members in [r#""resources": {}"#, r#""resources": null, "image": null"#] {
        assert_eq!(told(members), nothing, "{members}");
    }
    for (members, pointer) in [
        (r#""exec": {}"#, "/exec/command"),
        (r#""exec": {"command": null}"#, "/exec/command"),
        (r#""exec": {"command": {}}"#, "/exec/command"),
        (r#""image": {"kind": "DOCKER"}"#, "/image/id"),
        (r#""artifacts": [{}]"#, "/artifacts/0/uri"),
        (r#""volumeMounts": [{"name": "istio-certs"}]"#, "/volumeMounts/0/mountPath"),
        (r#""endpoints": [{"protocol": []}]"#, "/endpoints/0/protocol"),
        (r#""healthCheck": {"tcp": {}}"#, "/healthCheck/tcp/endpoint"),
    ] {
        assert!(told(members).iter().any(|it| it == pointer), "{members}: {:?}", told(members));
    }
}

#[test]
fn nothing_is_required_in_an_overlay() {
    let rules = |text: &str| {
        let source = Source::new("overlay.json", text);
        let at = Path::root("");
        let pod = source.root().unwrap().tree(&at).unwrap();
        let found = validate_partial(&pod, &at);
        found.iter().filter_map(|it| it.rule).collect::<Vec<_>>()
    };
    let nothing: [&str; 0] = [];
    assert_eq!(rules("{}"), nothing);
    assert_eq!(
        rules(
            r#"{"containers": [{"name": "istio-proxy", "exec": {"command": {}}, "image": {"id": "x"},
            "volumeMounts": [{"name": "v"}]}], "volumes": [{}], "scaling": {"instances": 2}}"#
        ),
        nothing
    );
    assert_eq!(
        rules(
            r#"{"containers": [{"nmae": "istio-proxy", "resources": {"mem": "32", "cpus": 0}}], "id": "A"}"#
        ),
        ["T01", "P02", "P09", "P03"]
    );
    assert_eq!(rules("[]"), ["P02"]);
}

#[test]
fn unknown_members_come_with_advice() {
    for (pointer, text, advice) in traps::ADVICE {
        let mut pod: Value = serde_json::from_str(VALID).unwrap();
        set(&mut pod, pointer, text);
        let found = findings(&pod.to_string(), &Marathon::default(), &Unfinished::default());
        let hints: Vec<_> = found.iter().filter_map(|it| it.hint.as_deref()).collect();
        assert!(hints.iter().any(|hint| hint.contains(advice)), "{pointer}: {hints:?}");
    }
}

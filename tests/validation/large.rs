//! Pods larger than anything that anybody deploys: the time goes with their size. Where each of
//! what refers were compared with each of what is declared, these tests would take minutes.

use marathon_inject::pod::{Marathon, Unfinished};

use super::findings;

/// As many of each as fit into a document.
const MANY: usize = 20_000;

/// What every container has.
const RUNS: &str = r#""resources":{},"image":{"kind":"DOCKER","id":"i"}"#;

/// The piece many times, with a number in place of `#` and commas between.
fn many(piece: &str) -> String {
    let pieces: Vec<_> = (1..=MANY).map(|number| piece.replace('#', &number.to_string())).collect();
    pieces.join(",")
}

/// The rules that a pod breaks, and how often.
fn told(members: &str) -> Vec<(&'static str, usize)> {
    let text = format!(r#"{{"id":"/large",{members}}}"#);
    let found = findings(&text, &Marathon::default(), &Unfinished::default());
    let mut rules: Vec<_> = found.iter().filter_map(|it| it.rule).collect();
    rules.sort_unstable();
    rules.chunk_by(|a, b| a == b).map(|chunk| (chunk[0], chunk.len())).collect()
}

#[test]
fn volumes_and_their_mounts() {
    let containers = many(&format!(
        r#"{{"name":"c#",{RUNS},"volumeMounts":[{{"name":"v#","mountPath":"m"}}]}}"#
    ));
    let pod = |volume: &str| {
        told(&format!(r#""volumes":[{}],"containers":[{containers}]"#, many(volume)))
    };
    assert_eq!(pod(r#"{"name":"v#"}"#), []);
    assert_eq!(pod(r#"{"name":"w#"}"#), [("V12", MANY), ("V38", MANY)]);
}

#[test]
fn networks_and_their_endpoints() {
    let endpoint = r#"{"name":"e#","containerPort":#,"protocol":["tcp"],"networkNames":["n#"]}"#;
    let containers = many(&format!(r#"{{"name":"c#",{RUNS},"endpoints":[{endpoint}]}}"#));
    let pod = |network: &str| {
        told(&format!(r#""networks":[{}],"containers":[{containers}]"#, many(network)))
    };
    assert_eq!(pod(r#"{"name":"n#"}"#), []);
    assert_eq!(pod(r#"{"name":"o#"}"#), [("V24", MANY)]);
}

#[test]
fn endpoints_and_what_names_them() {
    let container = |variable: &str| {
        let endpoint = r#""endpoints":[{"name":"e-#","protocol":["tcp"]}]"#;
        let check = r#""healthCheck":{"tcp":{"endpoint":"e-#"}}"#;
        let environment = format!(r#""environment":{{"{variable}":""}}"#);
        many(&format!(r#"{{"name":"c#",{RUNS},{endpoint},{check},{environment}}}"#))
    };
    let pod = |variable: &str| {
        let networks = r#""networks":[{"mode":"host"}]"#;
        told(&format!(r#"{networks},"containers":[{}]"#, container(variable)))
    };
    assert_eq!(pod("EP_HOST_F_#"), []);
    assert_eq!(pod("EP_HOST_E_#"), [("T16", MANY)]);
}

#[test]
fn secrets_and_what_takes_them() {
    let image = r#""image":{"kind":"DOCKER","id":"i","pullConfig":{"secret":"s#"}}"#;
    let containers = many(&format!(r#"{{"name":"c#","resources":{{}},{image}}}"#));
    let environment = many(r#""V#":{"secret":"s#"}"#);
    let pod = |secret: &str| {
        let secrets = many(secret);
        told(&format!(
            r#""secrets":{{{secrets}}},"environment":{{{environment}}},"containers":[{containers}]"#
        ))
    };
    assert_eq!(pod(r#""s#":{"source":"s"}"#), []);
    assert_eq!(pod(r#""t#":{"source":"s"}"#), [("V08", MANY), ("V30", MANY)]);
}

/// A rule looks up a member of the pod once, and not for each container.
#[test]
fn members_that_nobody_knows() {
    // Too long to be like any member: that would be looked for.
    let unknown = many(&format!(r#""{}#":0"#, "x".repeat(64)));
    let endpoint = r#"{"name":"e#","containerPort":#,"protocol":["tcp"]}"#;
    let containers = many(&format!(
        r#"{{"name":"c#","resources":{{}},"resourceLimits":{{}},"endpoints":[{endpoint}]}}"#
    ));
    let found = told(&format!(r#"{unknown},"containers":[{containers}]"#));
    assert_eq!(found, [("T01", MANY), ("T08", 1), ("T14", MANY)]);
}

#[test]
fn what_is_there_again_and_again() {
    let endpoint = r#"{"name":"e","containerPort":1,"hostPort":1,"protocol":["tcp"]}"#;
    let container = format!(r#"{{"name":"c",{RUNS},"endpoints":[{endpoint}]}}"#);
    let protocols = many(r#""p#""#);
    let first = format!(
        r#"{{"name":"d",{RUNS},"endpoints":[{{"name":"f","containerPort":2,"protocol":[{protocols},"p1"]}}]}}"#
    );
    let networks = r#""networks":[{"name":"n"}]"#;
    let found = told(&format!(r#"{networks},"containers":[{first},{}]"#, many(&container)));
    let again = MANY - 1;
    assert_eq!(found, [("V18", again), ("V27", 1), ("V45", again), ("V46", again), ("V47", again)]);
}

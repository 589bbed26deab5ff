//! Marathon's validation: the rules are the project's own, the stages, places and words are
//! Marathon's. A stage that fails hides the later ones.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use marathon_inject::document::{Diagnostic, Path, Severity, Source};
use marathon_inject::pod::{Unfinished, validate};
use serde_json::{Value, json};

use super::answer::Refusal;
use super::builder::Settings;
use super::normal::normalised;

/// Reads the body of a write.
pub(super) fn read(body: &[u8], settings: &Settings) -> Result<Value, Refusal> {
    let pod = parsed(body)?;
    let found = findings(body, settings);
    let (unread, broken): (Vec<_>, Vec<_>) =
        found.iter().partition(|fault| fault.rule.is_some_and(|rule| rule.starts_with('P')));
    if !unread.is_empty() {
        return Err(Refusal::unprocessable("Invalid JSON", details(&unread)));
    }
    if !broken.is_empty() {
        return Err(Refusal::unprocessable("Object is not valid", details(&broken)));
    }
    Ok(normalised(&pod, settings))
}

fn parsed(body: &[u8]) -> Result<Value, Refusal> {
    let refused = |message: &str, details: String| Refusal {
        status: StatusCode::BAD_REQUEST,
        body: json!({"message": message, "details": details}),
    };
    if body.iter().all(u8::is_ascii_whitespace) {
        let details = "No content to map due to end-of-input\n at [Source: (byte[])[0 bytes]; \
            line: 1, column: 0]";
        return Err(refused("Please specify data in JSON format", details.to_owned()));
    }
    serde_json::from_slice(body).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        let what = if error.is_eof() { "Unexpected end-of-input" } else { "Unexpected character" };
        let details = format!("{what}: {error}\n at [Source: line: {line}, column: {column}]");
        refused("Invalid JSON", details)
    })
}

fn findings(body: &[u8], settings: &Settings) -> Vec<Diagnostic> {
    let source = Source::new("body", String::from_utf8_lossy(body));
    let at = Path::root("");
    let pod = source.root().expect("it was parsed").tree(&at).expect("it was parsed");
    let marathon = settings.rules();
    let found = validate(&pod, &at, &marathon, &Unfinished::default());
    found.into_iter().filter(|it| it.severity == Severity::Error).collect()
}

/// The errors of each place.
fn details(found: &[&Diagnostic]) -> Value {
    let mut places: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for fault in found {
        let (path, errors) = said(fault);
        let known = places.entry(path).or_default();
        let new: Vec<String> = errors.into_iter().filter(|error| !known.contains(error)).collect();
        known.extend(new);
        if let Some(list) = also_empty(fault) {
            let known = places.entry(list).or_default();
            if known.is_empty() {
                known.push("must be empty".to_owned());
            }
        }
    }
    let places = places.iter();
    places.map(|(path, errors)| json!({"path": path, "errors": errors})).collect()
}

/// Where and what Marathon says of a fault.
fn said(fault: &Diagnostic) -> (String, Vec<String>) {
    let rule = fault.rule.unwrap_or_default();
    let path = path(fault.pointer.as_deref().unwrap_or_default());
    let place = PLACES.iter().find(|(known, _)| *known == rule).map(|(_, place)| *place);
    let path = match place {
        None => path,
        Some(Place::Is(place)) => place.to_owned(),
        Some(Place::Ends(old, new)) => {
            path.strip_suffix(old).map_or(path.clone(), |start| format!("{start}{new}"))
        }
        Some(Place::SecretVolume) => format!("/podSecretVolumes(pod){}", index(&path)),
        Some(Place::List) => path.rsplit_once('(').map_or("/", |(list, _)| list).to_owned(),
        Some(Place::Variables) => path.rsplit_once('/').map_or("/", |(map, _)| map).to_owned(),
    };
    let mut errors = vec![words(rule, &fault.message)];
    if OR_EMPTY.contains(&rule) {
        errors.insert(0, "must be empty".to_owned());
    }
    (path, errors)
}

/// A JSON pointer as Marathon writes a place.
fn path(pointer: &str) -> String {
    let mut path = String::new();
    for step in pointer.split('/').skip(1) {
        let step = step.replace("~1", "/").replace("~0", "~");
        if !step.is_empty() && step.bytes().all(|byte| byte.is_ascii_digit()) {
            path += &format!("({step})");
        } else {
            path += &format!("/{step}");
        }
    }
    if path.is_empty() { "/".to_owned() } else { path }
}

/// The `(0)` of `/volumes(0)/secret`.
fn index(path: &str) -> String {
    let inner = path.split_once('(').and_then(|(_, rest)| rest.split_once(')'));
    let rest = inner.map(|(index, rest)| format!("({index}){rest}"));
    rest.unwrap_or_default()
}

/// What Marathon says of a rule: its own words stand in ours.
fn words(rule: &str, message: &str) -> String {
    if let Some((_, words)) = WORDS.iter().find(|(known, _)| *known == rule) {
        return (*words).to_owned();
    }
    if let Some((_, said)) = message.split_once("(Marathon: ") {
        let said = said.trim_end_matches(')');
        let (parsed, rules) = said.split_once("; ").unwrap_or((said, said));
        return if rule.starts_with('P') { parsed } else { rules }.to_owned();
    }
    let begins = BEGINS.iter().filter_map(|start| message.find(start)).min();
    message[begins.unwrap_or(0)..].to_owned()
}

/// The second place of a rule that reads "is empty or ...".
fn also_empty(fault: &Diagnostic) -> Option<String> {
    match fault.rule? {
        "V11" => Some("/podSecretVolumes(pod)".to_owned()),
        "V57" | "V58" | "V59" | "V60" | "V61" | "V62" | "V63" => {
            Some("/scheduling/placement/constraints".to_owned())
        }
        _ => None,
    }
}

/// Where Marathon puts a fault, where that is not where it stands.
#[derive(Clone, Copy)]
enum Place {
    Is(&'static str),
    /// With another end.
    Ends(&'static str, &'static str),
    SecretVolume,
    /// The list that the element is in.
    List,
    /// The map that the variable is in.
    Variables,
}

const PLACES: &[(&str, Place)] = &[
    ("P16", Place::Ends("/command", "/command/argv")),
    ("V07", Place::Variables),
    ("V10", Place::Is("/podSecretVolumes(pod)")),
    ("V11", Place::SecretVolume),
    ("V13", Place::Is("/volumes")),
    ("V16", Place::Ends("/", "/keys(0)")),
    ("V18", Place::Is("/containers")),
    ("V27", Place::List),
    ("V35", Place::Ends("/path", "/hc.path.map(_.length).getOrElse(1)")),
    ("V36", Place::Ends("/command", "")),
    ("V45", Place::Is("/")),
    ("V46", Place::Is("/")),
    ("V47", Place::Is("/")),
    ("V48", Place::Is("/networks")),
    ("V49", Place::Is("/networks")),
    ("V50", Place::Is("/networks")),
    ("V51", Place::Is("/networks")),
    ("V52", Place::Is("/networks")),
    ("V65", Place::Is("/acceptedResourceRoles")),
    ("V66", Place::Is("/upgrade/maximumOverCapacity")),
    ("V67", Place::Is("/")),
];

/// Rules that read "is empty or ..." at one place.
const OR_EMPTY: &[&str] = &["V10", "V14", "V29", "V65"];

/// Words that say the same of every pod, where our message adds to them.
const WORDS: &[(&str, &str)] = &[
    ("V01", "Path must contain at least one path element"),
    ("V02", "Path needs to be absolute"),
    (
        "V04",
        "must not end with any of the following reserved keywords: restart, tasks, versions, ., ..",
    ),
    ("V06", "must not be empty"),
    ("V08", "references an undefined secret"),
    ("V11", "volume.secret must refer to an existing secret"),
    ("V12", "volume must be referenced by at least one container"),
    ("V13", "volume names must be unique"),
    ("V16", "must not be empty"),
    ("V18", "container names must be unique"),
    ("V25", "is not allowed when using host-mode networking"),
    ("V26", "is required when using container-mode networking"),
    ("V30", "pullConfig.secret must refer to an existing secret"),
    ("V38", "Referenced Volume in VolumeMount should exist"),
    ("V45", "endpoint names nust be unique across all containers"),
    ("V46", "container ports must be unique across all containers"),
    ("V47", "host ports must be unique across all containers"),
    ("V50", "Duplicate networks are not allowed"),
    ("V62", "is not a valid regular expression"),
];

/// How Marathon's words begin, where ours put something before them.
const BEGINS: &[&str] = &["is not one of (", "use of secret-references", "Duplicate protocols"];

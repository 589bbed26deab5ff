//! Why Marathon refuses something, in its own words; and those about a pod brought home: what its
//! answer says of a path of its own becomes a finding about the text that the user wrote.

mod place;
mod words;

use std::collections::BTreeSet;

use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::document::{Diagnostic, Node, Path, shown};
use place::{Author, Place, Reach};
use words::advice;

/// The most of Marathon's text that is shown at once, in characters.
const SHOWN: usize = 1000;

/// So many faults are shown; nobody reads more at once.
const MOST: usize = 100;

/// What Marathon says of the one side of an "is empty or" rule. It goes with the fault on the other
/// side, and alone says nothing that helps.
const STRAY: &str = "must be empty";

/// Why Marathon refused something, in its own words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The status of the answer.
    pub status: u16,
    /// Marathon's message.
    pub message: String,
    /// What it says beside, where that is no list of faults.
    pub details: Option<String>,
    /// What is wrong with the pod.
    pub faults: Vec<Fault>,
    /// The deployments that hold the pod.
    pub deployments: Vec<String>,
}

/// One fault as Marathon tells it: `{"path": "/containers(0)/name", "errors": ["error.pattern"]}`
/// (Marathon `RestResource`, `Validation`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Fault {
    /// Where, in Marathon's own notation. The pod as a whole is `/`.
    #[serde(default)]
    pub path: String,
    /// What, in a sentence or as a key like `error.pattern`.
    #[serde(default, deserialize_with = "texts")]
    pub errors: Vec<String>,
}

/// The faults as findings about a pod's text, in the order of the file. `pod` is the pod that was
/// sent, whose values know where the user wrote them; those that injection added have no place, and
/// a finding about one says so. `at` is where the pod stands in its document.
///
/// What Marathon said is escaped, so that none of it speaks to a terminal, and not endless. More
/// than 100 faults end in a note that counts the others.
pub fn diagnostics(faults: &[Fault], pod: &Node<'_>, at: &Path<'_>) -> Vec<Diagnostic> {
    let told = told(faults);
    let mut found: Vec<_> =
        told.iter().take(MOST).map(|(path, error)| diagnostic(path, error, pod, at)).collect();
    found.sort_by_cached_key(|it| {
        let start = it.span.as_ref().map_or(usize::MAX, |span| span.start);
        (start, it.pointer.clone(), it.message.clone())
    });
    found.dedup();
    if told.len() > MOST {
        let message = format!("and {} more that Marathon tells", told.len() - MOST);
        found.push(Diagnostic::note(message).span(pod.span()).pointer(at.to_string()));
    }
    found
}

/// Each error with its path. Which of them Marathon tells first means nothing: it keeps them in
/// sets.
fn told(faults: &[Fault]) -> Vec<(&str, &str)> {
    let all: Vec<_> = faults.iter().flat_map(errors).collect();
    let real = all.iter().filter(|(_, error)| *error != STRAY).map(|(path, _)| *path);
    let real: BTreeSet<&str> = real.collect();
    let is_stray = |path: &str, error: &str| error == STRAY && goes_with(path, &real);
    all.into_iter().filter(|(path, error)| !is_stray(path, error)).collect()
}

fn errors(fault: &Fault) -> impl Iterator<Item = (&str, &str)> {
    let unsaid = fault.errors.is_empty().then_some("refused without a reason");
    fault.errors.iter().map(String::as_str).chain(unsaid).map(|error| (&*fault.path, error))
}

/// Whether one of some paths is this one or below it.
fn goes_with(path: &str, others: &BTreeSet<&str>) -> bool {
    let is_below = |step: char| {
        let start = format!("{path}{step}");
        others.range(start.as_str()..).next().is_some_and(|other| other.starts_with(&start))
    };
    others.contains(path) || is_below('(') || is_below('/')
}

fn diagnostic(path: &str, error: &str, pod: &Node<'_>, at: &Path<'_>) -> Diagnostic {
    let Place { span, pointer, reach, author } = Place::of(path, pod, at);
    let (explanation, hint) = advice(error);
    let mut message = shown(error, SHOWN);
    if let Some(explanation) = explanation {
        message = format!("{message}: {explanation}");
    }
    if reach == Reach::Part {
        message = format!("{message} (Marathon: at {})", shown(path, SHOWN));
    }
    let diagnostic = Diagnostic::error(message).span(span).pointer(pointer);
    if author == Author::Injection {
        let container = place::container(path, pod);
        let container = container.map(|name| format!(" (container {})", shown(name, SHOWN)));
        return diagnostic.hint(format!(
            "not in the file: injection added it{}, and `inject --emit diff` shows it",
            container.unwrap_or_default()
        ));
    }
    match hint {
        Some(hint) => diagnostic.hint(hint),
        None => diagnostic,
    }
}

/// Texts in a list, as Marathon gives them, or whatever stands in their place.
fn texts<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let text = |value| match value {
        Value::String(text) => text,
        other => other.to_string(),
    };
    Ok(match Value::deserialize(deserializer)? {
        Value::Null => Vec::new(),
        Value::Array(items) => items.into_iter().map(text).collect(),
        other => vec![text(other)],
    })
}

#[cfg(test)]
mod tests {
    use json_patch::Patch;
    use serde_json::{from_value, json};

    use super::*;
    use crate::document::{Severity, Source};

    const POD: &str = r#"{
      "id": "/p",
      "containers": [{"name": "a", "image": {"pullConfig": {"secret": "s"}}}],
      "volumes": [{"name": "v", "secret": "s"}],
      "scheduling": {"placement": {"constraints": [{"fieldName": "", "operator": "IS"}]}}
    }"#;

    fn faults(details: Value) -> Vec<Fault> {
        from_value(details).unwrap()
    }

    /// What is found in the pod for the details of an answer.
    fn found(details: Value) -> Vec<Diagnostic> {
        let source = Source::new("pod.json", POD);
        let pod = source.root().unwrap().tree(&Path::root("")).unwrap();
        diagnostics(&faults(details), &pod, &Path::root(""))
    }

    /// The messages alone.
    fn messages(details: Value) -> Vec<String> {
        found(details).into_iter().map(|it| it.message).collect()
    }

    #[test]
    fn a_fault_has_its_place_marathons_words_and_advice() {
        let found = found(json!([{"path": "/containers(0)/name", "errors": ["error.maxLength"]}]));
        let start = POD.find("\"a\"").unwrap();
        let expected = Diagnostic::error("error.maxLength: the text or list is too long")
            .span(start..start + 3)
            .pointer("/containers/0/name")
            .hint("shorten it");
        assert_eq!(found, [expected]);
    }

    #[test]
    fn the_faults_come_in_the_order_of_the_file() {
        let messages = messages(json!([
            {"path": "/volumes(0)", "errors": ["third"]},
            {"path": "/containers(0)/name", "errors": ["second"]},
            {"path": "/", "errors": ["first"]},
        ]));
        assert_eq!(messages, ["first", "second", "third"]);
    }

    #[test]
    fn a_stray_must_be_empty_goes_where_a_real_fault_is_at_its_path_or_below() {
        let secrets = "Feature secrets is not enabled. Enable with --enable_features secrets)";
        let messages = messages(json!([
            {"path": "/containers(0)/image/pullConfig", "errors": ["must be empty", secrets]},
            {"path": "/podSecretVolumes(pod)", "errors": ["must be empty"]},
            {"path": "/podSecretVolumes(pod)(0)/secret", "errors": ["no such secret"]},
            {"path": "/scheduling/placement/constraints", "errors": ["must be empty"]},
            {"path": "/scheduling/placement/constraints(0)", "errors": ["missing field"]},
        ]));
        assert_eq!(messages, [secrets, "no such secret", "missing field"]);
    }

    #[test]
    fn a_must_be_empty_that_is_alone_stays() {
        let messages = messages(json!([
            {"path": "/volumes", "errors": ["must be empty"]},
            {"path": "/volumesX", "errors": ["other"]},
        ]));
        assert_eq!(messages, ["other", "must be empty"]);
    }

    #[test]
    fn a_path_that_leads_nowhere_is_shown() {
        let messages = messages(json!([{"path": "/new(0)/\u{1b}", "errors": ["is wrong"]}]));
        assert_eq!(messages, ["is wrong (Marathon: at /new(0)/\\u{1b})"]);
    }

    #[test]
    fn what_injection_added_is_blamed_on_nothing_in_the_file_and_its_container_is_named() {
        let patch =
            json!([{"op": "add", "path": "/containers/-", "value": {"name": "istio-proxy"}}]);
        let patch: Patch = from_value(patch).unwrap();
        let source = Source::new("pod.json", POD);
        let mut pod = source.root().unwrap().tree(&Path::root("")).unwrap();
        pod.apply(&patch).unwrap();
        let faults = faults(json!([{"path": "/containers(1)/name", "errors": ["error.pattern"]}]));
        let [found] = diagnostics(&faults, &pod, &Path::root("")).try_into().unwrap();
        assert_eq!(found.span, None);
        assert_eq!(found.pointer.as_deref(), Some("/containers/1/name"));
        assert!(found.hint.unwrap().contains("injection added it (container istio-proxy)"));
    }

    #[test]
    fn nothing_is_taken_for_added_in_a_pod_that_no_file_holds() {
        let pod = json!({"id": 1});
        let faults = faults(json!([{"path": "/id", "errors": ["error.expected.jsstring"]}]));
        let [found] =
            diagnostics(&faults, &Node::from_value(&pod), &Path::root("")).try_into().unwrap();
        assert_eq!((found.span, found.hint.as_deref()), (None, Some("write it in quotes")));
    }

    #[test]
    fn a_flood_of_faults_is_counted() {
        let many: Vec<_> = (0..MOST + 7)
            .map(|number| json!({"path": "/id", "errors": [format!("fault {number}")]}))
            .collect();
        let found = found(many.into());
        assert_eq!(found.len(), MOST + 1);
        let last = found.last().unwrap();
        assert_eq!(last.severity, Severity::Note);
        assert_eq!(last.message, "and 7 more that Marathon tells");
    }

    #[test]
    fn an_answer_that_is_told_otherwise_is_taken_as_it_is() {
        let told = faults(json!([{}, {"errors": "one"}, {"path": "/id", "errors": [{"a": 1}]}]));
        let fault = |path: &str, errors: &[&str]| Fault {
            path: path.to_owned(),
            errors: errors.iter().map(|&error| error.to_owned()).collect(),
        };
        assert_eq!(told, [fault("", &[]), fault("", &["one"]), fault("/id", &["{\"a\":1}"])]);
        assert_eq!(messages(json!([{}])), ["refused without a reason"]);
    }
}

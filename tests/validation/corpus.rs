//! Marathon documents with what Marathon makes of them.

use std::fs;
use std::path::Path;

use marathon_inject::document::Diagnostic;
use marathon_inject::pod::{Marathon, Unfinished};
use serde_json::Value;

use super::public::data;
use super::{BARE, errors, findings, reader, rules};

/// What a rule says beside its own words.
const COMPANION: &str = "must be empty";

fn json(path: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

/// Marathon's path as a pointer: `/containers(0)/name`. Where it is an expression of Marathon's
/// own source, the place that it is about.
fn pointer(path: &str) -> String {
    let path =
        path.replace("podSecretVolumes(pod)", "volumes").replace('(', "/").replace([')'], "");
    match path.as_str() {
        "/" => String::new(),
        "/upgrade/maximumOverCapacity" => format!("/scheduling{path}"),
        "/acceptedResourceRoles" => format!("/scheduling/placement{path}"),
        _ => path,
    }
}

/// An error of this rule at the place, or at the very value there that is to blame.
fn says(found: &[Diagnostic], rule: Option<&str>, path: &str, words: &str) -> bool {
    let place = pointer(path);
    errors(found).iter().any(|error| {
        rule.is_none_or(|rule| error.rule == Some(rule))
            && error.pointer.as_deref().is_some_and(|it| it.starts_with(&place))
            && error.message.contains(words)
    })
}

#[test]
fn a_pod_for_each_rule() {
    let Some(folder) = data("corpus/rules") else {
        return;
    };
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let file = json(&path);
        let text = serde_json::to_string_pretty(&file["pod"]).unwrap();
        let set = |name: &str| {
            file["marathon"].get(name).is_none_or(|it| *it != Value::Bool(false) && !it.is_null())
        };
        let marathon = Marathon {
            secrets: set("enable_features_secrets"),
            default_network_name: set("default_network_name"),
        };
        let found = findings(&text, &marathon, &Unfinished::default());
        let Some(rule) = file.get("rule").and_then(Value::as_str) else {
            assert!(errors(&found).is_empty(), "{}: {found:#?}", path.display());
            continue;
        };
        assert!(
            errors(&found).iter().any(|it| it.rule == Some(rule)),
            "{}: {found:#?}",
            path.display()
        );
        for detail in file["expect"]["body"]["details"].as_array().unwrap() {
            let place = detail["path"].as_str().unwrap();
            for words in detail["errors"].as_array().unwrap() {
                let words = words.as_str().unwrap();
                let said = words == COMPANION || says(&found, None, place, words);
                assert!(said, "{}: {place}: {words}\n{found:#?}", path.display());
            }
        }
    }
}

#[test]
fn pods_of_public_repositories() {
    let (Some(index), Some(folder)) = (data("corpus/index.json"), data("corpus/pods")) else {
        return;
    };
    for entry in json(&index)["pods"].as_array().unwrap() {
        let file = entry["file"].as_str().unwrap();
        let text = fs::read_to_string(folder.join(file)).unwrap();
        let found = findings(&text, &Marathon::default(), &Unfinished::default());
        let accept = entry["accept"].as_array().unwrap();
        let rules = entry["rules"].as_array().unwrap();
        let refused = !accept.is_empty() || !rules.is_empty();
        assert_eq!(!errors(&found).is_empty(), refused, "{file}: {found:#?}");
        for fault in accept {
            let (place, _) = fault.as_str().unwrap().split_once(": ").unwrap();
            let place = place.replace('[', "(").replace(']', ")");
            assert!(says(&found, None, &place, ""), "{file}: {fault}\n{found:#?}");
        }
        for fault in rules {
            let [rule, place, words] = [0, 1, 2].map(|part| fault[part].as_str().unwrap());
            let said = words == COMPANION || says(&found, Some(rule), place, words);
            assert!(said, "{file}: {fault}\n{found:#?}");
        }
        ignored(entry, &found, file);
        let bare = Marathon { secrets: false, ..Marathon::default() };
        let oss = findings(&text, &bare, &Unfinished::default());
        for fault in entry["oss"].as_array().into_iter().flatten() {
            let [rule, place, words] = [0, 1, 2].map(|part| fault[part].as_str().unwrap());
            let said = words == COMPANION || says(&oss, Some(rule), place, words);
            assert!(said, "{file}: {fault}\n{oss:#?}");
        }
    }
}

/// What Marathon silently ignores is warned of.
fn ignored(entry: &Value, found: &[Diagnostic], file: &str) {
    for line in entry["strict"].as_array().unwrap() {
        let Some((place, members)) = line.as_str().unwrap().split_once(": unknown member ") else {
            continue;
        };
        let place = place.replace('[', "/").replace(']', "");
        for member in members.split(", ") {
            let pointer = format!("{}/{member}", place.trim_end_matches('/'));
            let told = found.iter().any(|it| it.pointer.as_deref() == Some(&pointer));
            assert!(told, "{file}: {line}\n{found:#?}");
        }
    }
}

/// Every message has the words that the data gives to its rule, and no rule is left out.
#[test]
fn the_words_of_marathon() {
    let Some(path) = data("schema/pod.rules.json") else {
        return;
    };
    let rules = json(&path);
    let rules = rules["rules"].as_array().unwrap();
    let tables = [
        (reader::CASES, Marathon::default()),
        (rules::CASES, Marathon::default()),
        (rules::BARE, BARE),
    ];
    for (case, marathon) in
        tables.iter().flat_map(|(table, marathon)| table.iter().map(move |case| (case, marathon)))
    {
        let known = rules.iter().find(|it| it["id"] == case.rule());
        let says = known.unwrap()["message"].as_str().unwrap();
        let found = findings(&case.text(), marathon, &Unfinished::default());
        let own = found.iter().find(|it| it.rule == Some(case.rule())).unwrap();
        // Alternatives, and texts with a place for a value, are in the table of cases.
        let exact = !says.contains(['<', '|']) && !says.contains("got ");
        let key = |words: &str| own.message.contains(words.trim());
        let said = match case.rule() {
            "P16" => own.message.contains("error.path.missing"),
            "P02" | "P14" => own.message.contains("error."),
            rule if rule.starts_with('P') => says.split('|').any(key),
            _ => !exact || key(says),
        };
        assert!(said, "{says}: {own:#?}");
    }
}

//! The laws of conversion, over generated apps in every layout and over whatever else is JSON.

use marathon_inject::document::Source;
use marathon_inject::pod::{Conversion, convert};
use proptest::prelude::*;
use serde_json::Value;

use super::apps::{app, group};
use super::support::written::{Style, beginning, ending, style, written};
use super::{converted, keeps_the_laws, parsed, refused};

/// A document: mostly an app, sometimes a group, an array or an answer of Marathon.
fn document() -> impl Strategy<Value = String> {
    let value = prop_oneof![
        4 => app(),
        2 => group(),
        1 => prop::collection::vec(app(), 0..3).prop_map(Value::Array),
        1 => app().prop_map(|app| serde_json::json!({"app": app})),
        1 => prop::collection::vec(app(), 0..3).prop_map(|all| serde_json::json!({"apps": all})),
    ];
    (beginning(), value, style(), ending()).prop_map(|(beginning, value, style, ending)| {
        beginning.to_owned() + &written(&value, &style) + ending
    })
}

/// An app some of whose values are others: null, of another type, out of bounds.
fn spoilt_app() -> impl Strategy<Value = Value> {
    let other = prop::sample::select(vec![
        Value::Null,
        serde_json::json!(-1),
        serde_json::json!(1e300),
        serde_json::json!("x"),
        serde_json::json!([]),
        serde_json::json!([[0]]),
        serde_json::json!({"a": {}}),
        serde_json::json!(true),
    ]);
    (app(), prop::collection::vec((any::<prop::sample::Index>(), other), 1..4)).prop_map(
        |(mut app, changes)| {
            for (place, value) in changes {
                let pointers = pointers(&app, "");
                let pointer = place.get(&pointers);
                *app.pointer_mut(pointer).unwrap() = value;
            }
            app
        },
    )
}

/// The pointers of all that is within a value, itself included.
fn pointers(value: &Value, at: &str) -> Vec<String> {
    let mut all = vec![at.to_owned()];
    let within: Vec<(String, &Value)> = match value {
        Value::Array(items) => {
            items.iter().enumerate().map(|(index, item)| (index.to_string(), item)).collect()
        }
        Value::Object(members) => {
            let key = |key: &str| key.replace('~', "~0").replace('/', "~1");
            members.iter().map(|(name, value)| (key(name), value)).collect()
        }
        _ => Vec::new(),
    };
    for (step, value) in within {
        all.extend(pointers(value, &format!("{at}/{step}")));
    }
    all
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn every_app_becomes_a_pod_that_marathon_accepts_or_is_refused_with_reasons(text in document()) {
        keeps_the_laws(&text, &converted(&text));
    }

    #[test]
    fn an_app_with_faults_is_refused_at_their_places(app in spoilt_app(), style in style()) {
        let text = written(&app, &style);
        if let Ok(converted) = convert(&Source::new("test.json", text.as_str())) {
            keeps_the_laws(&text, &converted);
        }
    }

    #[test]
    fn what_was_converted_has_nothing_left_to_convert(text in document()) {
        let once = converted(&text);
        if refused(&once.entries).next().is_some() {
            return Ok(());
        }
        let twice = converted(&once.text);
        prop_assert_eq!(&twice.text, &once.text);
        prop_assert!(twice.entries.iter().all(|entry| entry.outcome != Conversion::Converted));
    }

    #[test]
    fn what_is_no_app_stays_byte_for_byte(apps in prop::collection::vec(app(), 1..3), style in style()) {
        let other = serde_json::json!({"é": ["1e3", 1e3, {"a\\b": null}]});
        let kept = written(&other, &Style::Wild(vec![3, 1, 4, 1, 5, 9, 2, 6]));
        let apps: Vec<_> = apps.iter().map(|app| written(app, &style)).collect();
        let text = format!("[{kept},{},{kept}]", apps.join(","));
        let converted = converted(&text);
        let begin = format!("[{kept},");
        prop_assert!(converted.text.starts_with(&begin));
        let end = format!(",{kept}]");
        prop_assert!(converted.text.ends_with(&end));
        prop_assert_eq!(parsed(&converted.text).as_array().unwrap().len(), apps.len() + 2);
    }
}

//! Records that somebody damaged or made up: nothing goes that was never added.

use marathon_inject::document::Source;
use marathon_inject::plan::Change;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use super::support::{changed, errors, removed};
use super::{edited_pod, newer, parsed};

/// An injected pod whose record somebody changed.
fn with_record(change: impl FnOnce(&mut Value)) -> String {
    edited_pod(|pod| {
        let label = &mut pod["labels"]["sidecar.istio.io/status"];
        let mut record = parsed(label.as_str().unwrap());
        change(&mut record);
        *label = json!(record.to_string());
    })
}

#[test]
fn a_record_of_what_was_never_added_takes_nothing_out() {
    type Edit = fn(&mut Value);
    let cases: [(&str, Edit); 4] = [
        ("its seal knows nothing of \"/containers/web\"", |record| {
            record["added"].as_array_mut().unwrap().push(json!("/containers/web"));
        }),
        ("its seal knows nothing of \"/containers/istio-init\"", |record| {
            record["seal"] = json!("");
        }),
        ("\"/labels\" holds the record itself", |record| {
            record["added"].as_array_mut().unwrap().push(json!("/labels"));
        }),
        ("\"labels\" is no route", |record| record["around"]["labels"] = json!("")),
    ];
    for (why, change) in cases {
        let text = with_record(change);
        for change in [Change::Inject(&newer()), Change::Remove] {
            let (same, entries) = changed(&text, change);
            let message = &errors(&entries)[0].message;
            assert!(
                message.ends_with(&format!("not a record of an injection: {why}")),
                "{message}"
            );
            assert_eq!(same, text);
        }
    }
}

#[test]
fn a_message_about_a_record_does_not_repeat_all_of_it() {
    let text = with_record(|record| record["around"]["x".repeat(100_000)] = json!(""));
    let (_, entries) = changed(&text, Change::Remove);
    assert!(errors(&entries)[0].message.len() < 400);
}

#[test]
fn brackets_of_another_kind_are_not_put_back() {
    for (member, brackets, emptied) in [("labels", "[]", json!({})), ("volumes", "{}", json!([]))] {
        let text = with_record(|record| record["around"][format!("/{member}")] = json!(brackets));
        assert_eq!(parsed(&removed(&text))[member], emptied);
    }
}

/// Routes to all sorts of places, and to none.
fn route() -> impl Strategy<Value = &'static str> {
    select(vec![
        "/",
        "/id",
        "/containers",
        "/containers/0",
        "/containers/web",
        "/containers/web/image",
        "/containers/web/resources",
        "/containers/istio-proxy",
        "/containers/istio-proxy/environment",
        "/containers/istio-proxy/environment/PATH",
        "/containers/istio-proxy/volumeMounts",
        "/containers/istio-proxy/volumeMounts/istio-certs",
        "/containers/istio-proxy\u{1}1",
        "/labels",
        "/labels/istio",
        "/networks/",
        "/nowhere/~2",
        "/volumes",
        "/volumes/istio-certs",
        "/volumes/istio-certs/name",
    ])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn a_made_up_record_is_refused_or_keeps_the_laws(
        added in prop::collection::vec(route(), 0..4),
        around in prop::collection::btree_map(route(), select(vec!["", "null", "[]", "{ }"]), 0..4),
        ours in any::<bool>(),
    ) {
        let text = with_record(|record| {
            let all = record["added"].as_array_mut().unwrap();
            if !ours {
                all.clear();
            }
            all.extend(added.iter().map(|route| json!(route)));
            record["around"].as_object_mut().unwrap().extend(
                around.iter().map(|(route, was)| ((*route).to_owned(), json!(was))));
        });
        for change in [Change::Remove, Change::Inject(&newer())] {
            let (new, entries) = changed(&text, change);
            let faults = errors(&entries);
            prop_assert!(faults.iter().all(|fault| fault.rule != Some("I26")), "{faults:?}");
            prop_assume!(faults.is_empty());
            prop_assert_eq!(&changed(&new, change).0, &new);
            let mut value = parsed(&text);
            marathon_inject::plan::rewrite(&Source::new("x", text.as_str()), change, |rewritten| {
                json_patch::patch(&mut value, &rewritten.patch).unwrap();
                Ok(())
            }).unwrap().unwrap();
            prop_assert_eq!(value, parsed(&new));
        }
    }
}

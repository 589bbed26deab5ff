//! Documents: what is refused and where, what is kept, and that a patch on the text means what
//! RFC 6902 says.

mod support;

use json_patch::Patch;
use marathon_inject::document::{
    Diagnostic, Layout, Path, Position, Snippets, Source, Splice, apply_to_text,
};
use proptest::prelude::*;
use serde_json::{Value, json};
use support::written::{ending, style, written};

fn fault(text: &str) -> (Diagnostic, Position) {
    let source = Source::new("pod.json", text);
    let faults = apply_to_text(&source, &Patch(Vec::new())).unwrap_err();
    let span = faults[0].span.clone().expect("a syntax fault has a place");
    (faults[0].clone(), source.position(span.start))
}

fn patched(text: &str, patch: &Value) -> String {
    let patch: Patch = serde_json::from_value(patch.clone()).unwrap();
    apply_to_text(&Source::new("x", text), &patch).unwrap()
}

/// Text, then what is said of it, then line and column.
const FAULTS: &[(&str, &str, usize, usize)] = &[
    ("", "the input is empty", 1, 1),
    (" \n ", "the input is empty", 2, 1),
    ("{\n  \"a\": 1,\n}", "trailing comma", 3, 1),
    ("{\"a\": 1} {\"b\": 2}", "trailing characters", 1, 10),
    ("{\"a\": 1", "EOF while parsing an object", 1, 7),
    ("{\"a\": tru}", "expected ident", 1, 10),
    ("{\"a\": 01}", "invalid number", 1, 8),
    ("{'a': 1}", "key must be a string", 1, 2),
    ("{\"a\": 1 // one\n}", "expected `,` or `}`", 1, 9),
    ("[1, 2", "EOF while parsing a list", 1, 5),
    ("{\"a\": \"x\ny\"}", "control character", 1, 8),
    ("{\"a\": NaN}", "expected value", 1, 7),
    ("{\"a\": \"\\ud800\"}", "hex escape", 1, 14),
    ("{\"a\": 1, \"a\": 2}", "the key \"a\" is written twice", 1, 10),
    ("{\"a\": 1, \"\\u0061\": 2}", "the key \"a\" is written twice", 1, 10),
    ("{\n \"x\": [{\"b\": 1, \"b\": 1}]}", "the key \"b\" is written twice", 2, 17),
];

#[test]
fn a_fault_says_what_and_where() {
    for (text, words, line, column) in FAULTS {
        let (fault, position) = fault(text);
        let want = Position { line: *line, column: *column };
        assert!(
            fault.message.contains(words) && position == want,
            "{text:?}: {} at {position:?}",
            fault.message
        );
    }
}

#[test]
fn all_repeated_keys_are_reported_together() {
    let source = Source::new("x", r#"{"a": {"b": 1, "b": 2}, "c": [{"d": 1, "d": 2, "d": 3}]}"#);
    let faults = apply_to_text(&source, &Patch(Vec::new())).unwrap_err();
    let pointers: Vec<_> = faults.iter().filter_map(|fault| fault.pointer.as_deref()).collect();
    assert_eq!(pointers, ["/a/b", "/c/0/d", "/c/0/d"]);
}

#[test]
fn nesting_of_ten_thousand_levels_is_refused() {
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let text = open.repeat(10_000) + "1" + &close.repeat(10_000);
        let (fault, _) = fault(&text);
        assert!(fault.message.contains("nested deeper than 127 levels"), "{}", fault.message);
    }
}

#[test]
fn a_byte_order_mark_stays_where_it_was() {
    let out = patched("\u{feff}{\"a\": 1}\n", &json!([{"op": "add", "path": "/b", "value": 2}]));
    assert_eq!(out, "\u{feff}{\"a\": 1, \"b\": 2}\n");
}

#[test]
fn what_is_not_touched_keeps_its_spelling() {
    let text = "{\"n\": [1.0, 1e3, 1E400, -0, 123456789012345678901234567890], \"s\": \"\\/\\u00e9\",\t\"e\": { } }";
    let out = patched(text, &json!([{"op": "remove", "path": "/s"}]));
    assert_eq!(out, "{\"n\": [1.0, 1e3, 1E400, -0, 123456789012345678901234567890],\t\"e\": { } }");
}

#[test]
fn additions_take_over_indentation_and_line_ends() {
    let text = "{\r\n\t\"a\": [\r\n\t\t1\r\n\t]\r\n}";
    let patch = json!([
        {"op": "add", "path": "/a/-", "value": {"x": []}},
        {"op": "add", "path": "/b", "value": [true, null]},
    ]);
    let want = "{\r\n\t\"a\": [\r\n\t\t1,\r\n\t\t{\r\n\t\t\t\"x\": []\r\n\t\t}\r\n\t],\r\n\t\"b\": [\r\n\t\ttrue,\r\n\t\tnull\r\n\t]\r\n}";
    assert_eq!(patched(text, &patch), want);
}

#[test]
fn an_empty_array_is_opened_up_and_closed_again() {
    let text = "{\n  \"a\": []\n}\n";
    let filled = patched(text, &json!([{"op": "add", "path": "/a/-", "value": 1}]));
    assert_eq!(filled, "{\n  \"a\": [\n    1\n  ]\n}\n");
    assert_eq!(patched(&filled, &json!([{"op": "remove", "path": "/a/0"}])), text);
}

#[test]
fn one_line_stays_one_line() {
    let add = json!([{"op": "add", "path": "/b", "value": {"c": [1, 2]}}]);
    assert_eq!(patched("{\"a\":1}", &add), "{\"a\":1,\"b\":{\"c\":[1,2]}}");
    assert_eq!(patched("{\"a\": 1}", &add), "{\"a\": 1, \"b\": {\"c\": [1, 2]}}");
}

#[test]
fn elements_in_the_middle_come_and_go_without_a_trace() {
    let text = "[\n  1,\n  2,   3\n]";
    let more = patched(text, &json!([{"op": "add", "path": "/1", "value": 9}]));
    assert_eq!(more, "[\n  1,\n  9,\n  2,   3\n]");
    assert_eq!(patched(&more, &json!([{"op": "remove", "path": "/1"}])), text);
}

#[test]
fn an_operation_that_does_not_fit_is_refused() {
    let refused = [
        (json!({"op": "remove", "path": "/x"}), "nothing at \"/x\""),
        (json!({"op": "replace", "path": "/a/2", "value": 1}), "nothing at \"/a/2\""),
        (json!({"op": "add", "path": "/a/3", "value": 1}), "no such place in the array"),
        (json!({"op": "add", "path": "/a/01", "value": 1}), "no such place in the array"),
        (json!({"op": "add", "path": "/x/y", "value": 1}), "nothing at \"/x\""),
        (json!({"op": "move", "from": "/a", "path": "/a/0"}), "cannot be moved into itself"),
        (json!({"op": "test", "path": "/a", "value": [1]}), "another one than the patch expects"),
    ];
    for (operation, words) in refused {
        let patch: Patch = serde_json::from_value(json!([operation])).unwrap();
        let source = Source::new("x", r#"{"a": [1, 2]}"#);
        let faults = apply_to_text(&source, &patch).unwrap_err();
        assert!(faults[0].message.contains(words), "{operation}: {}", faults[0].message);
    }
}

#[test]
fn a_long_line_is_shown_as_a_window() {
    let text = format!("{{\"{}\": 1, \"b\": tru}}", "a".repeat(5_000));
    let source = Source::new("pod.json", text);
    let fault = source.root().unwrap_err();
    let drawn = Snippets::new(false).draw(&source, &fault);
    assert!(drawn.contains("pod.json:1:5017"), "{drawn}");
    assert!(drawn.lines().all(|line| line.len() < 200), "{drawn}");
}

/// A value with what JSON has, small enough to write patches for.
fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        "[a-c/~\"é]{0,3}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
            prop::collection::btree_map("[a-d/~]{1,2}", inner, 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// Operations that fit `value`, chosen by bytes.
fn operations(mut value: Value, choices: &[(u8, u8, u8, Value)]) -> (Patch, Value) {
    let mut all = Vec::new();
    for (kind, from, to, new) in choices {
        let places = pointers(&value);
        let from = &places[*from as usize % places.len()];
        let to = &places[*to as usize % places.len()];
        let operation = match kind % 8 {
            0 => json!({"op": "add", "path": format!("{to}/-"), "value": new}),
            1 => json!({"op": "add", "path": format!("{to}/0"), "value": new}),
            2 => json!({"op": "add", "path": format!("{to}/k"), "value": new}),
            3 => json!({"op": "remove", "path": from}),
            4 => json!({"op": "replace", "path": to, "value": new}),
            5 => json!({"op": "move", "from": from, "path": format!("{to}/0")}),
            6 => json!({"op": "copy", "from": from, "path": format!("{to}/k")}),
            _ => json!({"op": "test", "path": from, "value": value.pointer(from)}),
        };
        let patch: Patch = serde_json::from_value(json!([operation])).unwrap();
        let mut tried = value.clone();
        // json-patch adds to the root's removal what RFC 6902 leaves open; nobody needs it.
        if !from.is_empty() && json_patch::patch(&mut tried, &patch).is_ok() {
            value = tried;
            all.extend(patch.0);
        }
    }
    (Patch(all), value)
}

fn pointers(value: &Value) -> Vec<String> {
    let below = |token: &str, value: &Value| {
        let token = token.replace('~', "~0").replace('/', "~1");
        pointers(value).into_iter().map(move |rest| format!("/{token}{rest}")).collect::<Vec<_>>()
    };
    let mut all = vec![String::new()];
    match value {
        Value::Array(items) => all.extend(
            items.iter().enumerate().flat_map(|(index, item)| below(&index.to_string(), item)),
        ),
        Value::Object(members) => {
            all.extend(members.iter().flat_map(|(key, value)| below(key, value)));
        }
        _ => {}
    }
    all
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn a_patch_on_the_text_means_what_it_means_on_the_value(
        value in value(),
        choices in prop::collection::vec((any::<u8>(), any::<u8>(), any::<u8>(), value()), 0..6),
        style in style(),
        ending in ending(),
    ) {
        let text = written(&value, &style) + ending;
        let (patch, want) = operations(value, &choices);
        let out = apply_to_text(&Source::new("x", text.as_str()), &patch).unwrap();
        prop_assert_eq!(serde_json::from_str::<Value>(&out).unwrap(), want, "{}", out);
        prop_assert!(out.ends_with(ending));
    }

    #[test]
    fn an_empty_patch_changes_no_byte(value in value(), style in style(), ending in ending()) {
        let text = written(&value, &style) + ending;
        let out = apply_to_text(&Source::new("x", text.as_str()), &Patch(Vec::new())).unwrap();
        prop_assert_eq!(out, text);
    }

    #[test]
    fn every_span_is_the_value_that_stands_there(value in value(), style in style()) {
        let text = written(&value, &style);
        let source = Source::new("x", text.as_str());
        let tree = source.root().unwrap().tree(&Path::root("")).unwrap();
        for pointer in pointers(&value) {
            let node = tree.at(&json_patch::jsonptr::PointerBuf::parse(pointer.as_str()).unwrap());
            let span = node.unwrap().span().unwrap();
            let there: Value = serde_json::from_str(&text[span]).unwrap();
            prop_assert_eq!(Some(&there), value.pointer(&pointer));
        }
    }

    #[test]
    fn no_input_makes_it_panic(text in "[\\[\\]{}\",:\\\\0-9a-z \\n\u{feff}é-]{0,40}") {
        let source = Source::new("x", text.as_str());
        if let Err(faults) = apply_to_text(&source, &Patch(Vec::new())) {
            for fault in faults {
                Snippets::new(false).draw(&source, &fault);
            }
        }
    }

    #[test]
    fn splicing_replaces_exactly_the_places(value in value(), style in style()) {
        let text = written(&value, &style);
        let source = Source::new("x", text.as_str());
        let root = source.root().unwrap();
        let mut splice = Splice::new(&text, Vec::new());
        for item in root.elements().unwrap() {
            let tree = item.tree(&Path::root("")).unwrap();
            let same = tree.write(&text, &Layout::of(root, &text));
            splice.replace(item.span(), &same).unwrap();
        }
        prop_assert_eq!(String::from_utf8(splice.finish().unwrap()).unwrap(), text);
    }
}

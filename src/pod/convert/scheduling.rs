//! How many, where and how again: what an app says at its top, and a pod in `scaling` and
//! `scheduling`.

use serde_json::{Map, Value, json};

use super::draft::Draft;
use super::place::Place;
use crate::document::Kind;

/// The pod's `scaling`. An app without `instances` has one (Marathon app.raml).
pub(super) fn scaling<'n>(app: &Place<'n>, draft: &mut Draft<'n>) -> Value {
    let Some(instances) = app.get("instances") else {
        return json!({"kind": "fixed", "instances": 1});
    };
    draft.comes_from("/scaling", &instances);
    // A pod with any other value silently has one instance.
    if instances.node.as_i64().and_then(|count| i32::try_from(count).ok()).is_none_or(|it| it < 0) {
        let message = "`instances` must be a whole number, 0 or more";
        draft.tell(instances.fault("C02", message, "write how many are to run"));
    }
    json!({"kind": "fixed", "instances": instances.node.to_value()})
}

/// The pod's `scheduling`; none where the app says nothing of it.
pub(super) fn scheduling<'n>(app: &Place<'n>, draft: &mut Draft<'n>) -> Option<Value> {
    let at = "/scheduling";
    draft.comes_from(at, app);
    let mut scheduling = Map::new();
    let mut backoff = Map::new();
    let below = format!("{at}/backoff");
    for (from, to) in [
        ("backoffSeconds", "backoff"),
        ("backoffFactor", "backoffFactor"),
        ("maxLaunchDelaySeconds", "maxLaunchDelay"),
    ] {
        draft.carry((app, from), (&mut backoff, &below, to));
    }
    insert(&mut scheduling, "backoff", backoff);
    draft.carry((app, "upgradeStrategy"), (&mut scheduling, at, "upgrade"));
    let mut placement = Map::new();
    if let Some(constraints) = constraints(app, draft) {
        placement.insert("constraints".to_owned(), constraints);
    }
    let below = format!("{at}/placement");
    let key = "acceptedResourceRoles";
    draft.carry((app, key), (&mut placement, &below, key));
    insert(&mut scheduling, "placement", placement);
    for key in ["killSelection", "unreachableStrategy"] {
        draft.carry((app, key), (&mut scheduling, at, key));
    }
    (!scheduling.is_empty()).then_some(Value::Object(scheduling))
}

fn insert(into: &mut Map<String, Value>, key: &str, value: Map<String, Value>) {
    if !value.is_empty() {
        into.insert(key.to_owned(), Value::Object(value));
    }
}

/// An app's constraints are arrays, a pod's are objects.
fn constraints<'n>(app: &Place<'n>, draft: &mut Draft<'n>) -> Option<Value> {
    let list = draft.member(app, "constraints", Kind::Array).filter(|list| list.len() > 0)?;
    draft.comes_from("/scheduling/placement/constraints", &list);
    Some(list.items().map(|item| constraint(&item, draft)).collect())
}

fn constraint(item: &Place<'_>, draft: &mut Draft<'_>) -> Value {
    let words: Vec<&str> = item.node.items().iter().filter_map(|word| word.as_str()).collect();
    let constraint = match words[..] {
        _ if words.len() != item.node.items().len() => None,
        [field, operator] | [field, operator, ""] => {
            Some(json!({"fieldName": field, "operator": operator}))
        }
        [field, operator, value] => {
            Some(json!({"fieldName": field, "operator": operator, "value": value}))
        }
        _ => None,
    };
    constraint.unwrap_or_else(|| {
        let message = "a constraint must be an array of two or three strings";
        let hint = "write as [\"hostname\", \"UNIQUE\"]";
        draft.tell(item.fault("C02", message, hint));
        Value::Null
    })
}

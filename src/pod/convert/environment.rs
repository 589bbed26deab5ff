//! The environment: an app's own variables, and those that Marathon gives to an app only.

use std::collections::HashSet;

use serde_json::{Map, Value, json};

use super::draft::{CONTAINER, Draft};
use super::place::Place;
use super::variables::{Variables, words};

/// What a variable of an app tells, by the member it is told from and its default (Marathon
/// app.raml). A pod has them under other names.
const RESOURCES: [(&str, &str, &str); 4] = [
    ("MARATHON_APP_RESOURCE_CPUS", "cpus", "1.0"),
    ("MARATHON_APP_RESOURCE_MEM", "mem", "128.0"),
    ("MARATHON_APP_RESOURCE_DISK", "disk", "0.0"),
    ("MARATHON_APP_RESOURCE_GPUS", GPUS, "0"),
];

/// The one resource that is counted in whole numbers.
const GPUS: &str = "gpus";

const IMAGE: &str = "MARATHON_APP_DOCKER_IMAGE";

/// The names that an app sets itself.
pub(super) fn own<'n>(app: &Place<'n>) -> HashSet<&'n str> {
    let env = app.node.get("env").map_or(&[][..], |env| env.members());
    env.iter().map(|variable| variable.key()).collect()
}

/// The container's `environment`. What Marathon tells an app of itself is there only where one of
/// `texts` asks for it.
pub(super) fn environment<'n>(
    app: &Place<'n>,
    image: Option<&Place<'n>>,
    variables: &Variables,
    texts: impl Iterator<Item = &'n str>,
    draft: &mut Draft<'n>,
) -> Option<Value> {
    let env = app.get("env");
    let mut all = match env.as_ref().map(|env| env.node.to_value()) {
        None => Map::new(),
        Some(Value::Object(all)) => all,
        // Not an object: Marathon's rules for the pod say so.
        Some(other) => return Some(other),
    };
    if let Some(env) = &env {
        draft.comes_from(format!("{CONTAINER}/environment"), env);
    }
    let asked: HashSet<&str> = texts.flat_map(words).collect();
    let resources = RESOURCES.iter().map(|(name, key, default)| {
        (*name, amount(app, key).unwrap_or_else(|| (*default).to_owned()))
    });
    let image = image.and_then(Place::text).map(|image| (IMAGE, image.to_owned()));
    let told = resources.chain(image).filter(|(name, _)| asked.contains(name));
    let known = variables.known.iter().map(|(name, value)| (name.as_str(), value.clone()));
    for (name, value) in known.chain(told) {
        all.entry(name).or_insert(json!(value));
    }
    (!all.is_empty()).then_some(Value::Object(all))
}

/// How much of a resource the app asks for, as Marathon writes it.
fn amount(app: &Place<'_>, key: &str) -> Option<String> {
    let node = app.get(key)?.node;
    if key == GPUS {
        Some(node.as_i64()?.to_string())
    } else {
        Some(format!("{:?}", node.as_f64()?))
    }
}

//! What an app may use. Where it says nothing, Marathon's defaults for apps are written out.

use serde_json::{Map, Value, json};

use super::draft::{CONTAINER, Draft};
use super::place::Place;

/// The container's `resources` (Marathon app.raml).
pub(super) fn resources<'n>(app: &Place<'n>, draft: &mut Draft<'n>) -> Value {
    let at = format!("{CONTAINER}/resources");
    draft.comes_from(&*at, app);
    let mut resources = Map::new();
    resources.insert("cpus".to_owned(), json!(1));
    resources.insert("mem".to_owned(), json!(128));
    for key in ["cpus", "mem", "disk", "gpus"] {
        draft.carry((app, key), (&mut resources, &at, key));
    }
    Value::Object(resources)
}

//! The image. Docker runs an app's by default; a pod's is run by Mesos itself, which leaves some of
//! the image's own settings aside.

use serde_json::{Map, Value, json};

use super::draft::{CONTAINER, Draft};
use super::place::Place;
use crate::document::{Diagnostic, Kind};
use crate::pod::finding::Shown;

/// The container's `image`.
pub(super) fn image<'n>(
    app: &Place<'n>,
    container: &Place<'n>,
    docker: &Place<'n>,
    draft: &mut Draft<'n>,
) -> Value {
    let at = format!("{CONTAINER}/image");
    draft.comes_from(&*at, docker);
    let mut image = Map::new();
    image.insert("kind".to_owned(), json!("DOCKER"));
    for (from, to) in
        [("image", "id"), ("forcePullImage", "forcePull"), ("pullConfig", "pullConfig")]
    {
        draft.carry((docker, from), (&mut image, &at, to));
    }
    if is_run_by_docker(container, draft) {
        draft.tell(other_containerizer(app, docker));
    }
    Value::Object(image)
}

/// Tells of a container that has no image and says that Docker runs it.
pub(super) fn none<'n>(container: &Place<'n>, draft: &mut Draft<'n>) {
    let Some(engine) = container.get("type") else {
        return;
    };
    if is_run_by_docker(container, draft) && !draft.is_faulty(&engine.pointer) {
        let message = "a container of the type DOCKER must have `docker`";
        draft.tell(engine.fault("C02", message, "name the image there, or write MESOS"));
    }
}

/// Whether the engine is Docker, which it is where nothing is said.
fn is_run_by_docker<'n>(container: &Place<'n>, draft: &mut Draft<'n>) -> bool {
    let Some(engine) = draft.member(container, "type", Kind::String) else {
        return true;
    };
    let written = engine.text().unwrap_or_default();
    let is_mesos = written.eq_ignore_ascii_case("MESOS");
    if !is_mesos && !written.eq_ignore_ascii_case("DOCKER") {
        let message = format!("no container has the type \"{}\"", Shown(written));
        draft.tell(engine.fault("C02", message, "write DOCKER or MESOS"));
    }
    !is_mesos
}

fn other_containerizer(app: &Place<'_>, docker: &Place<'_>) -> Diagnostic {
    let (message, hint) = match app.get("user") {
        Some(_) => (
            "Mesos runs this image, no longer Docker: other storage, other logs, no Docker network",
            "try the pod before the app goes",
        ),
        None => (
            "Mesos runs this image, no longer Docker, and as Marathon's user: it ignores the image's USER",
            "name the user as `user` if the image has one, and try the pod before the app goes",
        ),
    };
    docker.warning("C01", message, hint)
}

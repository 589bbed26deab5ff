//! One app as a pod with one container, member by member in the order in which people write a pod.

use serde_json::{Map, Value, json};

use super::checks::Check;
use super::command::Command;
use super::draft::{CONTAINER, Draft};
use super::environment::{environment, own};
use super::files::artifacts;
use super::groups::absolute;
use super::image::{self, image};
use super::labels;
use super::members::{self, look};
use super::networks::{Networks, networks};
use super::place::Place;
use super::ports::ports;
use super::resources::resources;
use super::scheduling::{scaling, scheduling};
use super::verdict;
use super::volumes::volumes;
use super::wiring::Wiring;
use crate::document::{Diagnostic, Kind, Node};
use crate::pod::patterns::is_name;

/// The longest name of a container (Marathon stringTypes.raml).
const LONGEST_NAME: usize = 63;

/// The names that injection gives its own containers: one of the app would be taken for them.
const SIDECARS: [&str; 3] = ["istio-init", "istio-agent", "istio-proxy"];

/// The pod that an app in the group `group` is, and what there is to tell of it.
pub(super) fn converted<'n>(app: &Place<'n>, group: &str) -> (Value, Vec<Diagnostic>) {
    let mut draft = Draft::new(app);
    numbers(app.node, app, &mut draft);
    look(&mut draft, app, &members::APP);
    labels::look(app, &mut draft);
    let pod = Value::Object(pod(app, group, &mut draft));
    verdict::hold(&pod, app, &mut draft);
    (pod, draft.findings())
}

/// A number that no program can hold would become no value at all.
fn numbers<'n>(node: &'n Node<'n>, app: &Place<'n>, draft: &mut Draft<'n>) {
    let is_fine = |number: &str| number.parse().is_ok_and(f64::is_finite);
    if node.as_number().is_some_and(|number| !is_fine(number)) {
        let fault = app.fault("C02", "the number is too large", "write a smaller one");
        draft.tell(fault.span(node.span()));
    }
    let members = node.members().iter().map(|member| member.value());
    members.chain(node.items()).for_each(|node| numbers(node, app, draft));
}

fn pod<'n>(app: &Place<'n>, group: &str, draft: &mut Draft<'n>) -> Map<String, Value> {
    let place = draft.member(app, "container", Kind::Object);
    if let Some(container) = &place {
        look(draft, container, &members::CONTAINER);
    }
    let docker = place.as_ref().and_then(|it| draft.member(it, "docker", Kind::Object));
    if let Some(docker) = &docker {
        look(draft, docker, &members::DOCKER);
    }
    let parts = Parts { app, container: place, docker };
    let networks = networks(app, parts.docker.as_ref(), draft);
    let volumes = volumes(parts.container.as_ref(), draft);
    let id = id(app, group);
    let name = container_name(id.as_ref().and_then(Value::as_str).unwrap_or_default());
    let container = container(&parts, name, &networks, volumes.mounted, draft);
    let mut pod = Map::new();
    pod.extend(id.map(|id| ("id".to_owned(), id)));
    draft.carry((app, "labels"), (&mut pod, "", "labels"));
    pod.insert("containers".to_owned(), json!([container]));
    insert(&mut pod, "volumes", (!volumes.declared.is_empty()).then(|| json!(volumes.declared)));
    pod.insert("networks".to_owned(), networks.value);
    draft.carry((app, "secrets"), (&mut pod, "", "secrets"));
    pod.insert("scaling".to_owned(), scaling(app, draft));
    insert(&mut pod, "scheduling", scheduling(app, draft));
    for key in ["executorResources", "role"] {
        draft.carry((app, key), (&mut pod, "", key));
    }
    pod
}

/// The parts of an app that many members depend on.
struct Parts<'p, 'n> {
    app: &'p Place<'n>,
    container: Option<Place<'n>>,
    docker: Option<Place<'n>>,
}

fn container<'n>(
    parts: &Parts<'_, 'n>,
    name: String,
    networks: &Networks,
    mounts: Vec<Value>,
    draft: &mut Draft<'n>,
) -> Map<String, Value> {
    let app = parts.app;
    let image_id = parts.docker.as_ref().and_then(|docker| docker.get("image"));
    let ports = ports(app, parts.container.as_ref(), networks, draft);
    let command = Command::of(app, image_id.is_some(), draft);
    let check = Check::of(app, draft);
    let wiring = Wiring::of(ports, &command, check.as_ref(), networks.mode, &own(app), draft);
    let mut container = Map::new();
    container.insert("name".to_owned(), json!(name));
    insert(&mut container, "exec", command.exec(&wiring.variables, wiring.sets_all, draft));
    container.insert("resources".to_owned(), resources(app, draft));
    carry(app, &["resourceLimits"], &mut container, draft);
    match (&parts.container, &parts.docker) {
        (Some(place), Some(docker)) => {
            container.insert("image".to_owned(), image(app, place, docker, draft));
        }
        (Some(place), None) if place.get("docker").is_none() => image::none(place, draft),
        _ => {}
    }
    let texts = command.texts().chain(check.as_ref().and_then(Check::text));
    let variables = environment(app, image_id.as_ref(), &wiring.variables, texts, draft);
    insert(&mut container, "environment", variables);
    carry(app, &["user"], &mut container, draft);
    let endpoints = wiring.ports.endpoints();
    insert(&mut container, "endpoints", (!endpoints.is_empty()).then(|| json!(endpoints)));
    let check = check.map(|it| it.health_check(&wiring.ports, &wiring.variables, draft));
    insert(&mut container, "healthCheck", check);
    insert(&mut container, "volumeMounts", (!mounts.is_empty()).then(|| json!(mounts)));
    insert(&mut container, "artifacts", artifacts(app, draft));
    insert(&mut container, "lifecycle", lifecycle(app, draft));
    if let Some(place) = &parts.container {
        carry(place, &["linuxInfo"], &mut container, draft);
    }
    carry(app, &["tty"], &mut container, draft);
    container
}

fn carry<'n>(
    from: &Place<'n>,
    keys: &[&str],
    container: &mut Map<String, Value>,
    draft: &mut Draft<'n>,
) {
    for key in keys {
        draft.carry((from, key), (container, CONTAINER, key));
    }
}

fn insert(into: &mut Map<String, Value>, key: &str, value: Option<Value>) {
    into.extend(value.map(|value| (key.to_owned(), value)));
}

/// A pod's id is absolute; an app's may be relative to its group.
fn id(app: &Place<'_>, group: &str) -> Option<Value> {
    let id = app.get("id")?;
    Some(id.text().map_or_else(|| id.node.to_value(), |text| json!(absolute(text, group))))
}

/// The last step of the id, as far as it can name a container.
fn container_name(id: &str) -> String {
    let last = id.rsplit('/').next().unwrap_or_default();
    let name: String = last.chars().take(LONGEST_NAME).collect();
    let name = name.replace('.', "-").trim_end_matches('-').to_owned();
    let is_free = is_name(&name) && !SIDECARS.contains(&name.as_str());
    if is_free { name } else { "app".to_owned() }
}

/// How long a kill waits.
fn lifecycle<'n>(app: &Place<'n>, draft: &mut Draft<'n>) -> Option<Value> {
    let mut lifecycle = Map::new();
    let at = format!("{CONTAINER}/lifecycle");
    let to = "killGracePeriodSeconds";
    draft.carry((app, "taskKillGracePeriodSeconds"), (&mut lifecycle, &at, to));
    (!lifecycle.is_empty()).then_some(Value::Object(lifecycle))
}

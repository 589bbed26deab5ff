//! The ports of an app as endpoints of a pod. An endpoint must have a name, and nothing in it may be
//! left to Mesos but the port of the agent.

use serde_json::{Map, Value, json};

use super::draft::{CONTAINER, Draft};
use super::members::{self, Shape, look};
use super::names::{Name, Names};
use super::networks::Networks;
use super::place::Place;
use crate::document::{Diagnostic, Kind};
use crate::pod::scope::Mode;

pub(super) const INSTEAD_OF_SERVICE_PORT: &str =
    "give the endpoint a label as \"VIP_0\": \"/name:80\", or let clients find it through the mesh";

/// An agent has no more, and no container either.
const MOST_PORTS: usize = 65_535;

/// The name that Marathon gives the port that it adds itself (Marathon AppNormalization).
const DEFAULT_NAME: &str = "default";

/// The protocol of a port that says nothing of it (Marathon network.raml).
const DEFAULT_PROTOCOL: &str = "tcp";

/// The ports of an app.
#[derive(Default)]
pub(super) struct Ports<'n> {
    pub(super) list: Vec<Port>,
    /// Where they are listed.
    pub(super) place: Option<Place<'n>>,
    pub(super) asked: Asked,
}

/// Who asked for the ports.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Asked {
    /// The app lists them.
    #[default]
    Explicitly,
    /// Nobody: on the agent's network an app gets one nevertheless.
    ByNobody,
    /// Nobody: on other networks an app gets one that only Mesos knows.
    ByNobodyAndUnknown,
}

/// A port of an app.
pub(super) struct Port {
    /// The endpoint's name.
    pub(super) name: String,
    /// Whether the app gave that name.
    pub(super) is_named: bool,
    /// The number that the app asks for, 0 for any.
    pub(super) requested: u16,
    /// The port within the container, where it has a network of its own.
    pub(super) container: Option<u16>,
    /// The port of the agent, 0 for any, where there is one.
    pub(super) host: Option<u16>,
    endpoint: Map<String, Value>,
}

impl Port {
    /// A port with nothing but its name.
    fn called(name: Name) -> Self {
        let Name { text: name, is_given: is_named } = name;
        let endpoint = Map::from_iter([("name".to_owned(), json!(name))]);
        Self { name, is_named, requested: 0, container: None, host: None, endpoint }
    }
}

impl Ports<'_> {
    /// The pod's `endpoints`.
    pub(super) fn endpoints(&self) -> Vec<Value> {
        self.list.iter().map(|port| Value::Object(port.endpoint.clone())).collect()
    }
}

/// Whether there can be so many ports; more are a fault.
fn can_be<'n>(list: &Place<'n>, draft: &mut Draft<'n>) -> bool {
    let can_be = list.len() <= MOST_PORTS;
    if !can_be {
        let message = format!("more than {MOST_PORTS} ports");
        draft.tell(list.fault("C02", message, "list the ports that the program listens on"));
    }
    can_be
}

/// The ports of an app.
pub(super) fn ports<'n>(
    app: &Place<'n>,
    container: Option<&Place<'n>>,
    networks: &Networks,
    draft: &mut Draft<'n>,
) -> Ports<'n> {
    let mappings = mappings(container, draft);
    if networks.mode == Mode::Host {
        if let Some(list) = mappings.filter(|list| list.len() > 0) {
            let message = "these have no effect on the agent's network and are left out";
            draft.tell(list.note("C18", message, "an app has `portDefinitions` there"));
        }
        return of_agent(app, draft);
    }
    service_ports(app, draft);
    without_effect(app, draft);
    let discovered = discovered(app, draft).filter(|list| list.len() > 0);
    match (mappings, discovered) {
        (Some(list), Some(_)) if list.len() > 0 => {
            let message = "the ports are said twice, in `ipAddress.discovery` too";
            draft.tell(list.fault("C20", message, "keep one of the two"));
            Ports::default()
        }
        (_, Some(list)) => of_container(list, &DISCOVERED, networks.mode, draft),
        (Some(list), None) => {
            added(app, &list, draft);
            of_container(list, &MAPPED, networks.mode, draft)
        }
        (None, None) => Ports { asked: Asked::ByNobodyAndUnknown, ..Ports::default() },
    }
}

/// `portMappings`, which older Marathons have under `docker`.
fn mappings<'n>(container: Option<&Place<'n>>, draft: &mut Draft<'n>) -> Option<Place<'n>> {
    let container = container?;
    let list = draft.member(container, "portMappings", Kind::Array);
    let docker = container.get("docker");
    let old = docker.and_then(|docker| draft.member(&docker, "portMappings", Kind::Array));
    match (list.filter(|list| list.len() > 0 || old.is_none()), old) {
        (Some(list), Some(old)) if old.len() > 0 => {
            let message = "the port mappings are said in two ways, of which this is the older one";
            draft.tell(old.fault("C20", message, "keep `container.portMappings` and remove this"));
            Some(list)
        }
        (list, old) => list.or(old),
    }
}

fn discovered<'n>(app: &Place<'n>, draft: &mut Draft<'n>) -> Option<Place<'n>> {
    let address = app.get("ipAddress")?;
    let discovery = draft.member(&address, "discovery", Kind::Object)?;
    look(draft, &discovery, &members::DISCOVERY);
    draft.member(&discovery, "ports", Kind::Array)
}

/// Beside `portMappings`, `ports` and `portDefinitions` are service ports.
fn service_ports<'n>(app: &Place<'n>, draft: &mut Draft<'n>) {
    for key in ["ports", "portDefinitions"] {
        let list = draft.member(app, key, Kind::Array);
        if let Some(list) = list.filter(|list| list.items().any(|port| !is_any(&port))) {
            draft.tell_once(lost_service_port(&list));
        }
    }
}

/// What only the agent's network has: names and labels of `portDefinitions`.
fn without_effect<'n>(app: &Place<'n>, draft: &mut Draft<'n>) {
    let is_described =
        |port: Place<'_>| ["name", "labels"].iter().any(|key| port.get(key).is_some());
    let list = app.get("portDefinitions");
    if let Some(list) = list.filter(|list| list.items().any(is_described)) {
        let message = "what these say has no effect on a network of the container and is left out";
        draft.tell(list.note("C18", message, "an app has `portMappings` there"));
    }
}

/// Marathon adds port mappings until there are as many as `portDefinitions` or `ports`.
fn added<'n>(app: &Place<'n>, mappings: &Place<'n>, draft: &mut Draft<'n>) {
    let list = app.get("portDefinitions").or_else(|| app.get("ports"));
    if let Some(list) = list.filter(|list| list.len() > mappings.len()) {
        let message =
            "more ports than port mappings: Mesos chooses the `containerPort` of those beyond";
        draft.tell(list.fault("C28", message, "remove those that have no port mapping"));
    }
}

fn is_any(port: &Place<'_>) -> bool {
    let number = port.get("port");
    number.as_ref().unwrap_or(port).node.as_i64().unwrap_or_default() == 0
}

fn lost_service_port(place: &Place<'_>) -> Diagnostic {
    let message = "a service port is lost: an endpoint of a pod has none";
    place.warning("C05", message, INSTEAD_OF_SERVICE_PORT)
}

/// Where a list of ports on a network of the container keeps what.
struct Form {
    shape: &'static Shape,
    container: &'static str,
    host: Option<&'static str>,
}

static MAPPED: Form =
    Form { shape: &members::PORT_MAPPING, container: "containerPort", host: Some("hostPort") };
static DISCOVERED: Form = Form { shape: &members::DISCOVERY_PORT, container: "number", host: None };

fn of_container<'n>(list: Place<'n>, form: &Form, mode: Mode, draft: &mut Draft<'n>) -> Ports<'n> {
    listed(list, draft, |item, port, draft| {
        if !draft.is(item, "portMappings", Kind::Object) {
            return None;
        }
        look(draft, item, form.shape);
        let requested = draft.port(item, form.container).unwrap_or(0);
        let written = form.host.and_then(|key| draft.port(item, key));
        let container = container_port(item, requested, written, draft)?;
        let mut endpoint = port.endpoint;
        endpoint.insert("containerPort".to_owned(), json!(container));
        endpoint.extend(written.map(|host| ("hostPort".to_owned(), json!(host))));
        // A bridge leads to a port of the agent in any case (Marathon AppNormalization).
        let host = written.or((mode == Mode::Bridge).then_some(0));
        Some(Port { requested, container: Some(container), host, endpoint, ..port })
    })
}

/// The port within the container; 0 is the one of the agent.
fn container_port(
    item: &Place<'_>,
    requested: u16,
    host: Option<u16>,
    draft: &mut Draft<'_>,
) -> Option<u16> {
    match (requested, host) {
        (0, None | Some(0)) => {
            let message = "a pod cannot leave its `containerPort` to Mesos";
            let hint = "write the port that the program listens on";
            draft.tell(item.fault("C28", message, hint));
            None
        }
        (0, host) => host,
        (container, _) => Some(container),
    }
}

/// The ports of an app on the agent's network.
fn of_agent<'n>(app: &Place<'n>, draft: &mut Draft<'n>) -> Ports<'n> {
    let Some(list) = agent_list(app, draft) else {
        return unasked();
    };
    let is_fixed = draft.member(app, "requirePorts", Kind::Boolean);
    let is_fixed = is_fixed.and_then(|fixed| fixed.node.as_bool()).unwrap_or(false);
    listed(list, draft, |item, port, draft| {
        let requested = requested(item, draft);
        if requested != 0 && !is_fixed {
            draft.tell_once(lost_service_port(item));
        }
        let host = if is_fixed { requested } else { 0 };
        let mut endpoint = port.endpoint;
        endpoint.insert("hostPort".to_owned(), json!(host));
        Some(Port { requested, host: Some(host), endpoint, ..port })
    })
}

fn agent_list<'n>(app: &Place<'n>, draft: &mut Draft<'n>) -> Option<Place<'n>> {
    let definitions = draft.member(app, "portDefinitions", Kind::Array);
    let numbers = draft.member(app, "ports", Kind::Array);
    if let (Some(definitions), Some(numbers)) = (&definitions, &numbers)
        && !agree(definitions, numbers)
    {
        let message = "`ports` says something else than `portDefinitions`";
        draft.tell(numbers.fault("C20", message, "keep `portDefinitions` and remove this"));
    }
    definitions.or(numbers)
}

/// The port that Marathon adds where none is listed (Marathon AppNormalization).
fn unasked() -> Ports<'static> {
    let name = DEFAULT_NAME.to_owned();
    let members =
        [("name", json!(name)), ("hostPort", json!(0)), ("protocol", json!([DEFAULT_PROTOCOL]))];
    let endpoint = members.map(|(key, value)| (key.to_owned(), value)).into_iter().collect();
    let port =
        Port { name, is_named: true, requested: 0, container: None, host: Some(0), endpoint };
    Ports { list: vec![port], place: None, asked: Asked::ByNobody }
}

/// The ports of a list, each made by `make` of its element and a port that has only a name.
fn listed<'n>(
    list: Place<'n>,
    draft: &mut Draft<'n>,
    make: impl Fn(&Place<'n>, Port, &mut Draft<'n>) -> Option<Port>,
) -> Ports<'n> {
    if !can_be(&list, draft) {
        return Ports::default();
    }
    let mut names = Names::of(&list);
    let mut ports = Vec::with_capacity(list.len());
    for (index, item) in list.items().enumerate() {
        let name = names.name(index, &item, draft);
        if let Some(mut port) = make(&item, Port::called(name), draft) {
            described(&item, &mut port.endpoint, draft);
            ports.push(port);
        }
    }
    draft.comes_from(format!("{CONTAINER}/endpoints"), &list);
    Ports { list: ports, place: Some(list), asked: Asked::Explicitly }
}

/// Whether both lists have the same numbers, as in an answer of Marathon.
fn agree(definitions: &Place<'_>, numbers: &Place<'_>) -> bool {
    let number = |place: &Place<'_>| place.node.as_i64().unwrap_or(0);
    let definitions = definitions.items().map(|it| it.get("port").map_or(0, |port| number(&port)));
    definitions.eq(numbers.items().map(|it| number(&it)))
}

/// The number of an element of `portDefinitions` or `ports`.
fn requested<'n>(item: &Place<'n>, draft: &mut Draft<'n>) -> u16 {
    if item.node.kind() == Kind::Object {
        look(draft, item, &members::PORT_DEFINITION);
        draft.port(item, "port").unwrap_or(0)
    } else {
        draft.port_of(item, "ports").unwrap_or(0)
    }
}

/// The members that all forms of a port share.
fn described<'n>(item: &Place<'n>, endpoint: &mut Map<String, Value>, draft: &mut Draft<'n>) {
    endpoint.insert("protocol".to_owned(), protocol(item, draft));
    for key in ["labels", "networkNames"] {
        if let Some(value) = item.get(key).filter(|value| value.len() > 0) {
            endpoint.insert(key.to_owned(), value.node.to_value());
        }
    }
}

/// A pod has the protocols as a list, in lower case.
fn protocol<'n>(item: &Place<'n>, draft: &mut Draft<'n>) -> Value {
    let Some(written) = draft.member(item, "protocol", Kind::String) else {
        return json!([DEFAULT_PROTOCOL]);
    };
    let lower = written.text().unwrap_or_default().to_ascii_lowercase();
    let protocols: Vec<&str> = lower.split(',').collect();
    if protocols.iter().any(|protocol| !matches!(*protocol, "tcp" | "udp")) {
        let message = "`protocol` must be tcp, udp or \"udp,tcp\"";
        draft.tell(written.fault("C02", message, "write one of them"));
    }
    json!(protocols)
}

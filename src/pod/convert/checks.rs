//! Health checks: an app has several and Marathon makes some of them; a pod's container has one,
//! and Mesos makes it, from within the pod's network.

use serde_json::{Map, Value, json};

use super::command::shell;
use super::draft::{CONTAINER, Draft};
use super::members::{self, look};
use super::place::Place;
use super::ports::{Port, Ports};
use super::variables::Variables;
use crate::document::Kind;
use crate::pod::finding::Shown;

const TIMES: [&str; 5] = [
    "gracePeriodSeconds",
    "intervalSeconds",
    "maxConsecutiveFailures",
    "timeoutSeconds",
    "delaySeconds",
];

/// The health check of an app.
pub(super) struct Check<'n> {
    place: Place<'n>,
    probe: Probe<'n>,
}

/// How a health check asks.
enum Probe<'n> {
    Http { scheme: &'static str },
    Tcp,
    Command(Option<Place<'n>>),
}

impl<'n> Check<'n> {
    /// The one health check that an app may have.
    pub(super) fn of(app: &Place<'n>, draft: &mut Draft<'n>) -> Option<Self> {
        let list = draft.member(app, "healthChecks", Kind::Array)?;
        let mut checks = list.items();
        let place = checks.next()?;
        if let Some(second) = checks.next() {
            let message = "a pod's container has one health check, and this is another one";
            let hint = "keep one of them, or let one command check all";
            draft.tell(second.fault("C30", message, hint));
        }
        draft.comes_from(format!("{CONTAINER}/healthCheck"), &place);
        if !draft.is(&place, "healthChecks", Kind::Object) {
            return None;
        }
        look(draft, &place, &members::HEALTH_CHECK);
        let probe = probe(&place, draft)?;
        Some(Self { place, probe })
    }

    /// Whether it asks a port of the app's list, rather than one that it names itself.
    pub(super) fn asks_a_listed_port(&self) -> bool {
        !matches!(self.probe, Probe::Command(_)) && self.place.get("port").is_none()
    }

    /// The command that it runs.
    pub(super) fn text(&self) -> Option<&'n str> {
        match &self.probe {
            Probe::Command(command) => command.as_ref()?.text(),
            Probe::Http { .. } | Probe::Tcp => None,
        }
    }

    /// The container's `healthCheck`.
    pub(super) fn health_check(
        &self,
        ports: &Ports<'_>,
        variables: &Variables,
        draft: &mut Draft<'n>,
    ) -> Value {
        let at = format!("{CONTAINER}/healthCheck");
        let mut check = Map::new();
        match &self.probe {
            Probe::Http { scheme } => {
                let mut http = Map::new();
                http.extend(self.endpoint(ports, draft));
                http.insert("scheme".to_owned(), json!(scheme));
                if self.place.get("path").is_none_or(|path| path.node.as_str() != Some("")) {
                    let at = format!("{at}/http");
                    draft.carry((&self.place, "path"), (&mut http, &at, "path"));
                }
                check.insert("http".to_owned(), Value::Object(http));
            }
            Probe::Tcp => {
                let tcp = Map::from_iter(self.endpoint(ports, draft));
                check.insert("tcp".to_owned(), Value::Object(tcp));
            }
            Probe::Command(command) => {
                let shell = command.as_ref().map(|it| shell(it, variables, false, draft));
                let exec = json!({"command": {"shell": shell.unwrap_or_default()}});
                check.insert("exec".to_owned(), exec);
            }
        }
        for time in TIMES {
            draft.carry((&self.place, time), (&mut check, &at, time));
        }
        check.extend(self.longer_interval(draft));
        Value::Object(check)
    }

    /// An interval longer than the timeout, which a pod must have. A shorter timeout could kill a
    /// program that the app's check lets live.
    fn longer_interval(&self, draft: &mut Draft<'n>) -> Option<(String, Value)> {
        let seconds = |key, default: i64| match self.place.get(key) {
            Some(place) => place.node.as_i64(),
            None => Some(default),
        };
        let (timeout, interval) = (seconds("timeoutSeconds", 20)?, seconds("intervalSeconds", 60)?);
        if timeout < interval {
            return None;
        }
        let longer = timeout.saturating_add(1);
        let place = self.place.get("intervalSeconds").unwrap_or_else(|| self.place.clone());
        let message = format!(
            "`intervalSeconds` becomes {longer}: in a pod it must be more than `timeoutSeconds`, {timeout}"
        );
        let hint = "to check as often as before, lower `timeoutSeconds` below the interval";
        draft.tell(place.warning("C19", message, hint));
        Some(("intervalSeconds".to_owned(), json!(longer)))
    }

    /// The endpoint that it asks, as a member; none if there is no such port.
    fn endpoint(&self, ports: &Ports<'_>, draft: &mut Draft<'n>) -> Option<(String, Value)> {
        let number = self.place.get("port");
        let place = number.clone().or(self.place.get("portIndex"));
        let key = if number.is_some() { "port" } else { "portIndex" };
        let wanted = match &place {
            Some(place) => draft.port_of(place, key)?,
            None => 0,
        };
        let found = if number.is_some() {
            // Marathon asks the agent's port of a bridge, Mesos the container's.
            let inside = ports.list.iter().find(|port| port.container == Some(wanted));
            let on_agent = |port: &&Port| wanted != 0 && port.host == Some(wanted);
            inside.or_else(|| ports.list.iter().find(on_agent))
        } else {
            ports.list.get(usize::from(wanted))
        };
        if found.is_none() {
            let message =
                format!("the health check asks a port that is no endpoint: `{key}` {wanted}");
            let hint =
                "list the port among the app's ports, for a check of a pod names an endpoint";
            draft.tell(place.unwrap_or(self.place.clone()).fault("C29", message, hint));
        }
        found.map(|port| ("endpoint".to_owned(), json!(port.name)))
    }
}

fn probe<'n>(place: &Place<'n>, draft: &mut Draft<'n>) -> Option<Probe<'n>> {
    let protocol = draft.member(place, "protocol", Kind::String);
    let written = protocol.as_ref().map_or("HTTP", |it| it.node.as_str().unwrap_or_default());
    let upper = written.to_ascii_uppercase();
    let (by_mesos, kind) = match upper.strip_prefix("MESOS_") {
        Some(kind) => (true, kind),
        None => (upper == "COMMAND", upper.as_str()),
    };
    let probe = match kind {
        "HTTP" => Probe::Http { scheme: "HTTP" },
        "HTTPS" => Probe::Http { scheme: "HTTPS" },
        "TCP" => Probe::Tcp,
        "COMMAND" if upper == "COMMAND" => Probe::Command(command(place, draft)),
        _ => {
            let message = format!("no health check has the protocol \"{}\"", Shown(written));
            let hint = "write MESOS_HTTP, MESOS_HTTPS, MESOS_TCP or COMMAND";
            draft.tell(protocol.as_ref().unwrap_or(place).fault("C02", message, hint));
            return None;
        }
    };
    if !by_mesos {
        made_by_mesos(place, draft);
    }
    Some(probe)
}

/// What changes when Mesos makes a check that Marathon made.
fn made_by_mesos<'n>(place: &Place<'n>, draft: &mut Draft<'n>) {
    let message = "Mesos makes this health check, within the pod's network, no longer Marathon";
    let hint = "it asks 127.0.0.1, so the program must listen there";
    draft.tell(place.warning("C13", message, hint));
    let failures = place.get("maxConsecutiveFailures");
    if let Some(failures) = failures.filter(|failures| failures.node.as_i64() == Some(0)) {
        let message =
            "Marathon never kills for a health check with 0 failures, Mesos does for the first";
        let hint = "write how many failures in a row are too many, or remove the health check";
        draft.tell(failures.fault("C35", message, hint));
    }
}

fn command<'n>(place: &Place<'n>, draft: &mut Draft<'n>) -> Option<Place<'n>> {
    let Some(command) = draft.member(place, "command", Kind::Object) else {
        let message = "a health check with the protocol COMMAND must have a `command`";
        draft.tell(place.fault("C02", message, "write {\"value\": \"...\"}"));
        return None;
    };
    look(draft, &command, &members::COMMAND);
    let value = draft.member(&command, "value", Kind::String).filter(|it| it.text().is_some());
    if value.is_none() {
        let message = "the command of a health check must have a `value`";
        draft.tell(command.fault("C02", message, "write the shell's command as `value`"));
    }
    value
}

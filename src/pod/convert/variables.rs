//! The variables that an app gets from Marathon and a pod does not: `PORT`, `PORT0`, `PORTS` and
//! the like (Marathon EnvironmentHelper). What is known beforehand goes to the environment; for what
//! Mesos chooses there are other variables in a pod, from which the command can set these.

use std::collections::{HashMap, HashSet};

use super::ports::{Asked, Port, Ports};
use crate::pod::patterns::is_env_name;
use crate::pod::scope::Mode;

/// The port variables of an app.
#[derive(Default)]
pub(super) struct Variables {
    /// Those with a value that is known, in order.
    pub(super) known: Vec<(String, String)>,
    /// Those that take their value from another variable, in order.
    pub(super) late: Vec<(String, String)>,
    places: HashMap<String, usize>,
    /// Those whose value only Mesos will know.
    unknown: &'static [&'static str],
}

/// A variable's value.
struct Setting {
    /// As a shell reads it.
    text: String,
    is_known: bool,
}

impl Variables {
    /// The variables for these ports; those that the app sets itself keep its own values.
    pub(super) fn of(ports: &Ports<'_>, mode: Mode, own: &HashSet<&str>) -> Self {
        let mut all = Self::default();
        let mut set = |name: String, setting: &Setting| {
            // No shell and no pod takes a name with a hyphen.
            if is_env_name(&name) && !own.contains(name.as_str()) {
                all.set(name, setting);
            }
        };
        let settings: Vec<_> = ports.list.iter().map(|port| setting(port, mode)).collect();
        for (index, (port, setting)) in ports.list.iter().zip(&settings).enumerate() {
            set(format!("PORT{index}"), setting);
            if port.requested != 0 {
                set(format!("PORT_{}", port.requested), setting);
            }
            if port.is_named && port.host.is_some() {
                set(format!("PORT_{}", port.name.to_ascii_uppercase()), setting);
            }
        }
        let on_agent = ports.list.iter().zip(&settings).filter(|(port, _)| port.host.is_some());
        let on_agent: Vec<_> = on_agent.map(|(_, setting)| setting).collect();
        if let Some(first) = on_agent.first() {
            set("PORT".to_owned(), first);
            let texts: Vec<_> = on_agent.iter().map(|setting| setting.text.as_str()).collect();
            let is_known = on_agent.iter().all(|setting| setting.is_known);
            set("PORTS".to_owned(), &Setting { text: texts.join(","), is_known });
        }
        if ports.asked == Asked::ByNobodyAndUnknown {
            all.unknown = &["PORT", "PORT0", "PORTS", "PORT_DEFAULT"];
        }
        all
    }

    fn set(&mut self, name: String, setting: &Setting) {
        if setting.is_known {
            self.known.push((name, setting.text.clone()));
        } else {
            self.places.insert(name.clone(), self.late.len());
            self.late.push((name, setting.text.clone()));
        }
    }

    /// The late variables that a text names, in order, each once.
    pub(super) fn named_in(&self, text: &str) -> Vec<&(String, String)> {
        let mut places: Vec<_> = words(text).filter_map(|word| self.places.get(word)).collect();
        places.sort_unstable();
        places.dedup();
        places.into_iter().map(|place| &self.late[*place]).collect()
    }

    /// A variable that a text names and nobody can know.
    pub(super) fn unknown_in(&self, text: &str) -> Option<&'static str> {
        words(text).find_map(|word| self.unknown.iter().copied().find(|name| *name == word))
    }
}

/// A command that sets variables before it does what it did.
pub(super) fn setting_first(variables: &[&(String, String)], command: &str) -> String {
    let settings = variables.iter().map(|(name, value)| format!(" {name}=\"{value}\""));
    let settings: String = settings.collect();
    format!("export{settings}; {command}")
}

/// The port that an app sees: the agent's where there is one.
fn setting(port: &Port, mode: Mode) -> Setting {
    let variable = port.name.to_ascii_uppercase().replace('-', "_");
    match (port.host.or(port.container), mode) {
        (Some(0) | None, Mode::Host) => {
            Setting { text: format!("$ENDPOINT_{variable}"), is_known: false }
        }
        (Some(0) | None, _) => Setting { text: format!("$EP_HOST_{variable}"), is_known: false },
        (Some(number), _) => Setting { text: number.to_string(), is_known: true },
    }
}

/// Whatever can be the name of a variable in a text.
pub(super) fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_')
}

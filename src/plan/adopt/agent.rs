//! The flags of `pilot-agent proxy` (Istio 1.0.5): which of them are settings, which injection
//! sets as well, and which it has nothing for.

use super::bugs::Bug;
use super::reading::Refusal;
use super::shell::Word;
use super::start::Start;
use crate::document::Diagnostic;
use crate::settings::Key;

/// What a flag is to adoption.
#[derive(Clone, Copy)]
enum Flag {
    Setting(Key),
    ServiceCluster,
    /// Envoy then gets a configuration that is not Pilot's.
    Configuration,
    /// Injection says the same, or what is right on Mesos.
    Ours,
    /// Ours runs the Envoy of Istio's image.
    Envoy,
    /// What pilot-agent logs of itself.
    Log,
    Unknown,
}

const SETTINGS: [(&str, Key); 13] = [
    ("applicationPorts", Key::ApplicationPorts),
    ("concurrency", Key::ProxyConcurrency),
    ("connectTimeout", Key::ConnectTimeout),
    ("controlPlaneAuthPolicy", Key::ControlPlaneAuthPolicy),
    ("discoveryAddress", Key::DiscoveryAddress),
    ("discoveryRefreshDelay", Key::DiscoveryRefreshDelay),
    ("domain", Key::Domain),
    ("drainDuration", Key::DrainDuration),
    ("parentShutdownDuration", Key::ParentShutdownDuration),
    ("proxyLogLevel", Key::ProxyLogLevel),
    ("statsdUdpAddress", Key::StatsdUdpAddress),
    ("statusPort", Key::StatusPort),
    ("zipkinAddress", Key::ZipkinAddress),
];

const OURS: [&str; 6] =
    ["bootstrapv2", "configPath", "id", "ip", "proxyAdminPort", "serviceregistry"];

/// Where Istio's image has its Envoy.
const ENVOY: &str = "/usr/local/bin/envoy";

/// Flags that take no word after them.
const SWITCHES: [&str; 4] =
    ["bootstrapv2", "disableInternalTelemetry", "log_as_json", "log_caller"];

fn flag(name: &str) -> Flag {
    if let Some((_, key)) = SETTINGS.iter().find(|(known, _)| *known == name) {
        return Flag::Setting(*key);
    }
    match name {
        "serviceCluster" => Flag::ServiceCluster,
        "binaryPath" => Flag::Envoy,
        "templateFile" | "customConfigFile" => Flag::Configuration,
        _ if OURS.contains(&name) => Flag::Ours,
        _ if name.starts_with("log_") => Flag::Log,
        _ => Flag::Unknown,
    }
}

impl Start<'_, '_, '_> {
    /// Reads the words after `pilot-agent`. SIGTERM reaches it only if it took the shell's place.
    pub(super) fn agent(&mut self, words: &[Word], replaces: bool) -> Result<(), Refusal> {
        self.mended_unless(replaces, Bug::SignalLost, "pilot-agent");
        let roles = self.flags(words)?;
        self.reading.runs_agent = true;
        match roles.iter().map(String::as_str).collect::<Vec<_>>()[..] {
            ["proxy"] | ["proxy", "sidecar"] => Ok(()),
            ["proxy", role @ ("router" | "ingress"), ..] => {
                Err(Refusal::Gateway(format!("it runs pilot-agent as {role}")))
            }
            _ => Err(Refusal::Start(format!("pilot-agent {} is not known", roles.join(" ")))),
        }
    }

    /// Reads the flags; gives the other words.
    fn flags(&mut self, words: &[Word]) -> Result<Vec<String>, Refusal> {
        let mut words = words.iter();
        let mut others = Vec::new();
        while let Some(word) = words.next() {
            let text = self.scope.render(word);
            let Some(name) = text.strip_prefix("--").or_else(|| text.strip_prefix('-')) else {
                others.push(text);
                continue;
            };
            if let Some((name, _)) = name.split_once('=') {
                let value = word.after(|text| text.split_once('=').map(|(_, value)| value));
                self.flag(name, &value)?;
            } else if SWITCHES.contains(&name) {
                self.flag(name, &Word::literal("true"))?;
            } else {
                let value = words.next().cloned().unwrap_or_default();
                self.flag(name, &value)?;
            }
        }
        Ok(others)
    }

    fn flag(&mut self, name: &str, value: &Word) -> Result<(), Refusal> {
        let by = format!("--{name}");
        match flag(name) {
            Flag::Setting(key) => self.setting(key, &by, value),
            Flag::ServiceCluster => self.reading.service_cluster = self.text(&by, value),
            Flag::Configuration if self.scope.render(value).is_empty() => {}
            Flag::Configuration => {
                return Err(Refusal::OwnConfiguration(format!("it is started with {by}")));
            }
            Flag::Envoy if self.scope.render(value) == ENVOY => {}
            Flag::Ours => {}
            Flag::Log => self.lost(&by, Diagnostic::note),
            Flag::Envoy | Flag::Unknown => self.lost(&by, Diagnostic::warning),
        }
        Ok(())
    }

    fn lost(&mut self, by: &str, finding: fn(String) -> Diagnostic) {
        let place = self.place(by);
        let words = format!("{by} is not carried over: there is no setting for it");
        self.reading.find(&place, finding(words).rule("A09"));
    }
}

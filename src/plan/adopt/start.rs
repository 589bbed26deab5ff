//! How a hand-written sidecar starts: by a shell line, by arguments, or as its image is made, which
//! is then told everything by variables.

use super::bugs::Bug;
use super::commands::within_limits;
use super::keep::Old;
use super::reading::{Place, Reading, Refusal, Said, place_of};
use super::scope::Scope;
use super::shell::Word;
use crate::document::Diagnostic;
use crate::plan::decide::{PROXY_VARIABLE, image_name};
use crate::pod::{Command, Container};
use crate::settings::Key;

/// The variables that the hand-made images read, or that are written for them.
pub(super) const READ_VARIABLES: [&str; 6] = [
    PROXY_VARIABLE,
    DOMAIN_VARIABLE,
    PORTS_VARIABLE,
    SERVICE_VARIABLE,
    ZIPKIN_VARIABLE,
    "ENVOY_DEBUG",
];
/// Names a template for Envoy's bootstrap in place of pilot-agent's.
const BOOTSTRAP_VARIABLE: &str = "ISTIO_BOOTSTRAP";

const DOMAIN_VARIABLE: &str = "SERVICES_DOMAIN";
const PORTS_VARIABLE: &str = "INBOUND_PORTS";
const SERVICE_VARIABLE: &str = "SERVICE_NAME";
const ZIPKIN_VARIABLE: &str = "ZIPKIN_ADDRESS";

/// The start of a container, as it is read.
pub(super) struct Start<'o, 't, 'a> {
    old: &'o Old<'t, 'a>,
    container: Container<'t, 'a>,
    pub(super) scope: Scope,
    pub(super) reading: Reading,
    /// Whether each command so far gave way to the next by `exec`.
    pub(super) replaced: bool,
    /// How many commands the one that is read is within.
    pub(super) depth: usize,
    /// Whether `set -e` was said.
    pub(super) stops_at_faults: bool,
    /// The directories that the line made or copied to.
    pub(super) made: Vec<String>,
}

/// Reads what a sidecar runs.
pub(super) fn read(old: &Old<'_, '_>, scope: Scope) -> Result<(Reading, Scope), Refusal> {
    let container = old.container();
    let mut start = Start {
        old,
        container,
        scope,
        reading: Reading::default(),
        replaced: true,
        depth: 0,
        stops_at_faults: false,
        made: Vec::new(),
    };
    match container.command() {
        Some(Command::Shell(line)) => start.line(line)?,
        Some(Command::Argv(items)) => {
            let words = || items.iter().filter_map(|item| item.as_str());
            within_limits(words().map(|word| word.len() + 1).sum())?;
            start.command(&words().map(Word::literal).collect::<Vec<_>>(), true)?;
        }
        None => start.entrypoint()?,
    }
    start.finish()?;
    Ok((start.reading, start.scope))
}

impl Start<'_, '_, '_> {
    /// Where a word of the start stands.
    pub(super) fn place(&self, word: &str) -> Place {
        place_of(self.old, word)
    }

    /// What can be told only of the whole start.
    fn finish(&mut self) -> Result<(), Refusal> {
        if !self.reading.runs_agent {
            return Err(Refusal::Start("it does not run pilot-agent".to_owned()));
        }
        if self.scope.variable(BOOTSTRAP_VARIABLE).is_some() {
            return Err(Refusal::OwnConfiguration(format!("{BOOTSTRAP_VARIABLE} is set")));
        }
        let agent = self.place("pilot-agent");
        match self.reading.capture.take() {
            None => self.reading.mended(Bug::OutboundOpen, &agent),
            Some(_) if self.reading.passes_executor => {}
            Some(place) => self.reading.mended(Bug::ExecutorCaptured, &place),
        }
        let nothing = || Said { text: String::new(), by: String::new(), place: agent };
        self.reading.inbound.get_or_insert_with(nothing);
        Ok(())
    }

    /// Keeps what a flag says of a setting.
    pub(super) fn setting(&mut self, key: Key, by: &str, value: &Word) {
        let said = self.text(by, value);
        self.reading.settings.extend(said.map(|said| (key, said)));
    }

    /// The text of a flag, unless only the shell can tell it.
    pub(super) fn text(&mut self, by: &str, value: &Word) -> Option<Said> {
        let place = self.place(by);
        let resolved = self.scope.resolve(value);
        let text = resolved.map_err(|computed| self.computed(by, &computed, &place)).ok()?;
        Some(Said { text, by: by.to_owned(), place })
    }

    fn computed(&mut self, by: &str, computed: &str, place: &Place) {
        let words =
            format!("the value of {by} is not carried over: {computed} is known at the start only");
        let warning = Diagnostic::warning(words).rule("A08");
        self.reading.find(place, warning.hint("write the value into the pod's label or a setting"));
    }

    /// Words as text.
    pub(super) fn texts(&mut self, words: &[Word]) -> Vec<String> {
        words.iter().map(|word| self.scope.render(word)).collect()
    }

    /// Without a command the image starts what it was made for.
    fn entrypoint(&mut self) -> Result<(), Refusal> {
        match self.container.image().map(image_name) {
            Some(image @ "envoy") => {
                Err(Refusal::OwnConfiguration(format!("its image is {image}")))
            }
            Some(image @ "consul-dataplane") => {
                Err(Refusal::OtherMesh(format!("its image is {image}")))
            }
            _ if self.scope.variable(PROXY_VARIABLE).is_some() => {
                self.start_script();
                Ok(())
            }
            _ => Err(Refusal::Start(format!("it has no command, and {PROXY_VARIABLE} is not set"))),
        }
    }

    /// `start.sh` of the hand-made images, which is all environment.
    pub(super) fn start_script(&mut self) {
        let keys = [
            (PROXY_VARIABLE, Key::DiscoveryAddress),
            (DOMAIN_VARIABLE, Key::Domain),
            (ZIPKIN_VARIABLE, Key::ZipkinAddress),
        ];
        for (name, key) in keys {
            if let Some(said) = self.said(name) {
                self.reading.settings.push((key, said));
            }
        }
        self.reading.service_cluster = self.said(SERVICE_VARIABLE);
        self.reading.inbound = self.said(PORTS_VARIABLE);
        let place = self.place("start.sh");
        self.reading.mended(Bug::SignalLost, &place);
        self.reading.capture = Some(place);
        if let Some(variable) = self.scope.variable(PROXY_VARIABLE) {
            self.reading.mended(Bug::MisspeltVariable, &variable.place);
        }
        (self.reading.runs_agent, self.reading.passes_executor) = (true, true);
    }

    /// What a variable says, if it says anything.
    fn said(&mut self, name: &str) -> Option<Said> {
        let variable = self.scope.variable(name)?;
        match variable.text {
            Some(text) if text.is_empty() => None,
            Some(text) => Some(Said { text, by: name.to_owned(), place: variable.place }),
            None => {
                self.computed(name, "a secret", &variable.place);
                None
            }
        }
    }
}

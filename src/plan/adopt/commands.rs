//! The commands of a start, down to pilot-agent. Every one has to be known: one that is not may do
//! what our sidecar would then lack.

use super::bugs::Bug;
use super::reading::Refusal;
use super::shell::{self, Unread, Word};
use super::start::Start;
use crate::plan::decide::base_name;

/// The most commands within commands.
const DEEPEST: usize = 16;

/// The most bytes of a start, far more than anybody writes.
const LONGEST: usize = 16 * 1024;

/// Commands that leave nothing behind.
const HARMLESS: [&str; 8] = [":", "date", "echo", "ls", "sleep", "true", "ulimit", "umask"];

/// Commands that put files in place.
const FILES: [&str; 8] = ["chmod", "chown", "cp", "ln", "mkdir", "mv", "rm", "tar"];

impl Start<'_, '_, '_> {
    /// Reads the commands of a shell line.
    pub(super) fn line(&mut self, line: &str) -> Result<(), Refusal> {
        within_limits(line.len())?;
        let unread = |Unread(what)| {
            Refusal::Start(format!("its start line has {what:?}, which is not read"))
        };
        for words in shell::commands(line).map_err(unread)? {
            self.command(&words, false)?;
        }
        Ok(())
    }

    /// Reads a command, which may take the place of the shell that it stands in.
    pub(super) fn command(&mut self, words: &[Word], replaces: bool) -> Result<(), Refusal> {
        if self.depth == DEEPEST {
            return Err(Refusal::Start("its commands nest too deep".to_owned()));
        }
        self.depth += 1;
        if let Some((program, arguments)) = self.assigned(words).split_first() {
            let program = self.scope.render(program);
            self.program(base_name(&program), arguments, replaces)?;
        }
        self.depth -= 1;
        Ok(())
    }

    fn program(&mut self, name: &str, words: &[Word], replaces: bool) -> Result<(), Refusal> {
        match name {
            "exec" => self.command(words, true)?,
            "gosu" | "su-exec" => self.command(words.get(1..).unwrap_or_default(), replaces)?,
            "su" | "sh" | "bash" | "dash" => self.inner(name, words, replaces)?,
            "export" => drop(self.assigned(words)),
            "set" => self.options(words),
            "istio-iptables.sh" => self.capture(words),
            "iptables" | "ip6tables" => self.rule(words)?,
            "pilot-agent" => self.agent(words, self.replaced && replaces)?,
            "start.sh" => self.start_script(),
            "envoy" => return Err(Refusal::OwnConfiguration("it runs envoy itself".to_owned())),
            "consul" | "consul-dataplane" => {
                return Err(Refusal::OtherMesh(format!("it runs {name}")));
            }
            _ if HARMLESS.contains(&name) => {}
            _ if FILES.contains(&name) => self.files(name, words)?,
            _ => {
                let words = format!("its start line runs {name:?}, which is not known");
                return Err(Refusal::Start(words));
            }
        }
        Ok(())
    }

    /// Sets the variables that stand before a command; gives the words after them.
    fn assigned<'w>(&mut self, words: &'w [Word]) -> &'w [Word] {
        let mut words = words;
        while let Some((first, rest)) = words.split_first() {
            let text = self.scope.render(first);
            let assignment = text.split_once('=').filter(|(name, _)| shell::is_name(name));
            let Some((name, value)) = assignment else { break };
            let known = self.scope.resolve(first).is_ok().then(|| value.to_owned());
            let place = self.place(name);
            self.scope.set(name, known, place);
            words = rest;
        }
        words
    }

    fn options(&mut self, words: &[Word]) {
        let is_e = |text: &String| text.starts_with('-') && text.contains('e');
        self.stops_at_faults |= self.texts(words).iter().any(is_e);
    }

    /// The line, or the script, that another shell is given.
    fn inner(&mut self, shell: &str, words: &[Word], replaces: bool) -> Result<(), Refusal> {
        let texts = self.texts(words);
        let is_c =
            |text: &String| text.ends_with('c') && text.starts_with('-') && !text.starts_with("--");
        let outer = self.replaced;
        self.replaced = outer && replaces;
        let line = texts.iter().position(is_c).and_then(|flag| texts.get(flag + 1));
        match (line, words) {
            (Some(line), _) => self.line(line)?,
            (None, [script, ..]) if shell != "su" && !texts[0].starts_with('-') => {
                self.command(std::slice::from_ref(script), true)?;
            }
            _ => return Err(Refusal::Start(format!("its start line runs {shell} without -c"))),
        }
        self.replaced = outer;
        Ok(())
    }

    /// Commands that put certificates in place, which istio-init does, or open the log.
    fn files(&mut self, program: &str, words: &[Word]) -> Result<(), Refusal> {
        let texts = self.texts(words);
        let is_known = |text: &String| {
            text.contains("certs") || text.ends_with(".pem") || text.starts_with("/dev/std")
        };
        // The first word says who, or how.
        let before = usize::from(["chmod", "chown", "tar"].contains(&program));
        let mut paths = texts.iter().filter(|text| !text.starts_with('-')).skip(before);
        if let Some(path) = paths.find(|path| !is_known(path)) {
            let words = format!("its start line runs {program} on {path}, which is no certificate");
            return Err(Refusal::Start(words));
        }
        let last = texts.last().map_or("", |last| last.trim_end_matches('/'));
        match program {
            "mkdir" => self.made.push(last.to_owned()),
            "cp" | "mv" => {
                self.made.push(last.to_owned());
                self.reading.copies_certificates = true;
                self.mended_unless(self.stops_at_faults, Bug::UncheckedCertificates, program);
            }
            "chown" => {
                let made = self.made.iter().any(|made| last.starts_with(made.as_str()));
                let is_fine = made || last.starts_with("/dev/");
                self.mended_unless(is_fine, Bug::KeyOwner, program);
            }
            _ => {}
        }
        Ok(())
    }

    /// Says that a bug is gone, unless it never was there.
    pub(super) fn mended_unless(&mut self, is_fine: bool, bug: Bug, word: &str) {
        if !is_fine {
            let place = self.place(word);
            self.reading.mended(bug, &place);
        }
    }
}

/// Looking for places takes time with the square of the length.
pub(super) fn within_limits(length: usize) -> Result<(), Refusal> {
    if length <= LONGEST {
        return Ok(());
    }
    Err(Refusal::Start(format!("its start is longer than {LONGEST} bytes")))
}

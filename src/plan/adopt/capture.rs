//! The flags of `istio-iptables.sh` (Istio 1.0.5 tools/deb/istio-iptables.sh), and rules of
//! iptables beside it.

use super::bugs::Bug;
use super::reading::{Refusal, Said};
use super::shell::Word;
use super::start::Start;
use crate::document::Diagnostic;
use crate::settings::{Key, PROXY_UID};

impl Start<'_, '_, '_> {
    /// Reads the words after `istio-iptables.sh`, as getopts does.
    pub(super) fn capture(&mut self, words: &[Word]) {
        let mut words = words.iter();
        let mut seen = Vec::new();
        while let Some(word) = words.next() {
            let text = self.scope.render(word);
            let Some(letter) = text.strip_prefix('-').and_then(|rest| rest.chars().next()) else {
                continue;
            };
            let attached = &text[1 + letter.len_utf8()..];
            let value = if attached.is_empty() {
                words.next().cloned().unwrap_or_default()
            } else {
                word.after(|text| text.get(1 + letter.len_utf8()..))
            };
            let text = self.scope.render(&value);
            self.capture_flag(letter, &value, &text);
            seen.push((letter, text));
        }
        // `clean` only takes rules out.
        if !seen.is_empty() {
            self.capture_bugs(&seen);
        }
    }

    fn capture_flag(&mut self, letter: char, value: &Word, text: &str) {
        let by = format!("-{letter}");
        match letter {
            'p' => self.setting(Key::ProxyListenPort, &by, value),
            'i' if !text.is_empty() => self.setting(Key::IncludeOutboundIpRanges, &by, value),
            'x' => self.setting(Key::ExcludeOutboundIpRanges, &by, value),
            'd' => self.setting(Key::ExcludeInboundPorts, &by, value),
            // Any other word than TPROXY acts as REDIRECT.
            'm' if text == "TPROXY" => self.setting(Key::InterceptionMode, &by, value),
            'b' => {
                let place = self.place(&by);
                let text = text.to_owned();
                self.reading.inbound = Some(Said { text, by, place });
            }
            'u' | 'g' | 'm' | 'i' => {}
            _ => {
                let place = self.place(&by);
                let words = format!("{by} is no flag of istio-iptables.sh and is not carried over");
                self.reading.find(&place, Diagnostic::warning(words).rule("A09"));
            }
        }
    }

    fn capture_bugs(&mut self, seen: &[(char, String)]) {
        let value = |letter: char| {
            seen.iter().find(|(seen, _)| *seen == letter).map_or("", |(_, text)| text.as_str())
        };
        let bugs = [
            (Bug::RootExempt, value('u') != PROXY_UID.to_string()),
            (Bug::OutboundOpen, value('i').is_empty()),
            (Bug::ExclusionIgnored, !value('d').is_empty() && value('b') != "*"),
        ];
        let place = self.place("istio-iptables.sh");
        for (bug, _) in bugs.into_iter().filter(|(_, is_there)| *is_there) {
            self.reading.mended(bug, &place);
        }
        self.reading.capture = Some(place);
    }

    /// A rule that lets the executor past Envoy is one that injection sets, too.
    pub(super) fn rule(&mut self, words: &[Word]) -> Result<(), Refusal> {
        let texts = self.texts(words);
        let has = |flag: &str, value: &str| {
            texts.windows(2).any(|pair| pair[0] == flag && pair[1] == value)
        };
        if has("--dport", "5051") && has("-j", "RETURN") {
            self.reading.passes_executor = true;
            return Ok(());
        }
        Err(Refusal::Start(format!("it sets a rule of its own: iptables {}", texts.join(" "))))
    }
}

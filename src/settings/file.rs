//! The config file: TOML, one line a setting, under the settings' own names, and `overlays`, a
//! list of files.

use std::collections::BTreeMap;
use std::ops::Range;

use toml::{Spanned, Value};

use super::Key;

/// What a config file says: settings in their order, and overlays.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct ConfigFile {
    /// Each setting with the text of its value and the bytes it stands at.
    pub settings: Vec<(Key, String, Range<usize>)>,
    /// Overlay files, relative to the config file.
    pub overlays: Vec<String>,
}

/// Something wrong with a config file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct FileError {
    /// What.
    pub message: String,
    /// The bytes of the file it is about.
    pub span: Option<Range<usize>>,
    /// What to do.
    pub hint: Option<String>,
}

/// Reads a config file's text. Values are not checked here: [`Settings::set`](super::Settings::set)
/// does that for every source of settings.
///
/// # Errors
/// The text is no TOML, or has unknown keys, or values that are no text, number or list of these:
/// all faults together.
pub fn parse_file(text: &str) -> Result<ConfigFile, Vec<FileError>> {
    let table: BTreeMap<Spanned<String>, Spanned<Value>> =
        toml::from_str(text).map_err(|error| {
            let message = error.message().to_owned();
            vec![FileError { message, span: error.span(), hint: None }]
        })?;
    let mut file = ConfigFile::default();
    let mut faults = Vec::new();
    for (name, value) in &table {
        if let Err(fault) = file.read(name, value) {
            faults.push(fault);
        }
    }
    if faults.is_empty() { Ok(file) } else { Err(faults) }
}

impl ConfigFile {
    fn read(&mut self, name: &Spanned<String>, value: &Spanned<Value>) -> Result<(), FileError> {
        let wrong = |message: &str| FileError {
            message: format!("{}: {message}", name.get_ref()),
            span: Some(value.span()),
            hint: None,
        };
        if name.get_ref() == "overlays" {
            let files = value.get_ref().as_array().and_then(|files| {
                files.iter().map(|file| file.as_str().map(str::to_owned)).collect::<Option<_>>()
            });
            self.overlays = files.ok_or_else(|| wrong("expected a list of files"))?;
            return Ok(());
        }
        let key = Key::named(name.get_ref()).ok_or_else(|| unknown(name))?;
        let text = text_of(value.get_ref())
            .ok_or_else(|| wrong("expected text, a number or a list of these"))?;
        self.settings.push((key, text, value.span()));
        Ok(())
    }
}

fn unknown(name: &Spanned<String>) -> FileError {
    let distance = |key: &Key| strsim::damerau_levenshtein(key.name(), name.get_ref());
    let near = Key::all().min_by_key(distance).filter(|key| distance(key) <= 4);
    FileError {
        message: format!("unknown setting {:?}", name.get_ref()),
        span: Some(name.span()),
        hint: Some(match near {
            Some(key) => format!("did you mean {}?", key.name()),
            None => "`inject --help` lists the settings".to_owned(),
        }),
    }
}

fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Integer(number) => Some(number.to_string()),
        Value::Float(number) => Some(number.to_string()),
        Value::Array(items) => {
            let items: Option<Vec<_>> = items.iter().map(text_of).collect();
            Some(items?.join(","))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_numbers_and_lists_are_values() {
        let text = "proxy-cpu = 0.2\nexclude-inbound-ports = [22, 9090]\noverlays = ['a.json']\n";
        let file = parse_file(text).unwrap();
        let settings: Vec<_> = file.settings.iter().map(|(key, text, _)| (*key, &**text)).collect();
        assert_eq!(settings, [(Key::ExcludeInboundPorts, "22,9090"), (Key::ProxyCpu, "0.2")]);
        assert_eq!(file.overlays, ["a.json"]);
    }

    #[test]
    fn all_unknown_keys_are_reported_with_the_nearest() {
        let faults = parse_file("proxy-imag = 'x'\nfoo-bar-baz-quux = 1\n").unwrap_err();
        let hints: Vec<_> = faults.iter().map(|fault| fault.hint.clone().unwrap()).collect();
        assert!(hints.contains(&"did you mean proxy-image?".to_owned()), "{hints:?}");
        assert_eq!(faults.len(), 2);
    }

    #[test]
    fn bad_toml_has_a_place() {
        let faults = parse_file("proxy-image = \n").unwrap_err();
        assert!(faults[0].span.is_some());
    }
}

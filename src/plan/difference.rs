//! What an update changed, in the words of a report: `image 1.0.5 -> 1.0.9, overlay changed`.

use std::collections::{HashMap, HashSet};
use std::fmt;

use super::grain::{Grain, grain};
use super::placeholder;
use super::record::Record;
use super::route::name_in;
use crate::document::{Kind, Node, Path, Source, shown};
use crate::pod::Pod;
use crate::settings::STATUS_LABEL;

/// How an injected pod differs from what it was before, each difference in a few words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Differences(Vec<String>);

/// The most differences that a line names.
const MOST_NAMED: usize = 5;

/// The members of `resources`, which containers have each their own of.
const RESOURCES: [&str; 4] = ["cpus", "mem", "disk", "gpus"];

/// The most of a value that a line repeats, in characters.
const SHOWN: usize = 80;

impl Differences {
    /// The differences, each once, those of the whole injection first.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// How one text of an injected pod differs from another.
    pub(super) fn between(old: &str, new: &str) -> Self {
        let mut differences = Self::default();
        let (old, new) = (Source::new("", old), Source::new("", new));
        if let (Some(old), Some(new)) = (tree(&old), tree(&new)) {
            differences.of_the_records(&Pod::new(&old), &Pod::new(&new));
            differences.of_values("", "", &old, &new);
            let record = |tree: &Node<'_>| Some(Pod::new(tree).label(STATUS_LABEL)?.to_value());
            if differences.0.is_empty() && record(&old) == record(&new) {
                differences.add("order or layout restored".to_owned());
            }
        }
        if differences.0.is_empty() {
            differences.add("record renewed".to_owned());
        }
        let mut told = HashSet::new();
        differences.0.retain(|words| told.insert(words.clone()));
        differences
    }

    fn add(&mut self, words: String) {
        self.0.push(words);
    }

    fn of_the_records(&mut self, old: &Pod<'_, '_>, new: &Pod<'_, '_>) {
        let (Ok(Some(old)), Ok(Some(new))) = (Record::of(old), Record::of(new)) else { return };
        if old.version != new.version {
            self.add(format!("version {} -> {}", shown(&old.version, SHOWN), new.version));
        }
        match (old.overlays, new.overlays) {
            (old, new) if old == new => {}
            (None, _) => self.add("overlay added".to_owned()),
            (_, None) => self.add("overlay removed".to_owned()),
            _ => self.add("overlay changed".to_owned()),
        }
    }

    /// `within` is the container, where it is one.
    fn of_values(&mut self, within: &str, key: &str, old: &Node<'_>, new: &Node<'_>) {
        match (grain(key, old.kind()), grain(key, new.kind())) {
            (Grain::Members, Grain::Members) => self.of_members(within, old, new),
            (Grain::Elements, Grain::Elements) => self.of_elements(within, key, old, new),
            _ => self.of_leaf(within, key, Some(old), Some(new)),
        }
    }

    fn of_members(&mut self, within: &str, old: &Node<'_>, new: &Node<'_>) {
        for member in old.members() {
            let key = member.key();
            match new.member(key) {
                _ if key == STATUS_LABEL => {}
                Some(new) => self.of_values(within, key, member.value(), new),
                None => self.of_leaf(within, key, Some(member.value()), None),
            }
        }
        for member in new.members().iter().filter(|member| old.member(member.key()).is_none()) {
            self.of_leaf(within, member.key(), None, Some(member.value()));
        }
    }

    fn of_elements(&mut self, within: &str, key: &str, old: &Node<'_>, new: &Node<'_>) {
        let what = key.strip_suffix('s').unwrap_or(key);
        let mut now = HashMap::new();
        for item in new.items() {
            now.entry(name_in(item)).or_insert(item);
        }
        let before: HashSet<_> = old.items().iter().map(name_in).collect();
        for item in old.items() {
            let name = name_in(item);
            match now.get(&name) {
                Some(now) => {
                    let within =
                        if key == "containers" { name.unwrap_or_default() } else { within };
                    self.of_values(within, "", item, now);
                }
                None => {
                    self.add(format!("{what} {} removed", shown(name.unwrap_or_default(), SHOWN)))
                }
            }
        }
        for item in new.items() {
            let name = name_in(item);
            if !before.contains(&name) {
                self.add(format!("{what} {} added", shown(name.unwrap_or_default(), SHOWN)));
            }
        }
    }

    fn of_leaf(&mut self, within: &str, key: &str, old: Option<&Node<'_>>, new: Option<&Node<'_>>) {
        let (before, after) = (old.and_then(text), new.and_then(text));
        let name = if RESOURCES.contains(&key) && !within.is_empty() {
            shown(&format!("{within} {key}"), SHOWN)
        } else {
            shown(key, SHOWN)
        };
        let words = match (old, new) {
            (Some(old), Some(new)) if old.to_value() == new.to_value() => return,
            (Some(old), Some(new)) if key == "image" && is_object(old) => image(old, new),
            (Some(old), Some(_)) if key == "exec" && is_object(old) => {
                "start script changed".to_owned()
            }
            (Some(_), Some(_)) if is_left_empty(key) => "join token taken out".to_owned(),
            (None, _) => format!("{name} added"),
            (_, None) => format!("{name} removed"),
            _ if !is_told(key) => format!("{name} changed"),
            _ => match (before, after) {
                (Some(before), Some(after)) => {
                    let (before, after) = (quoted(&before), quoted(&after));
                    format!("{name} {before} -> {after}")
                }
                _ => format!("{name} changed"),
            },
        };
        self.add(words);
    }
}

fn tree(source: &Source) -> Option<Node<'_>> {
    source.root().ok()?.tree(&Path::root("")).ok()
}

/// Whether the value of a member can be told in a log: our own variables and numbers are no
/// secrets; what others put there, or in a URI, may be one.
fn is_told(key: &str) -> bool {
    key.starts_with("ISTIO_") || key == "istio" || RESOURCES.contains(&key)
}

fn is_left_empty(key: &str) -> bool {
    [placeholder::TOKEN_VARIABLE, placeholder::NONCE_LABEL].contains(&key)
}

fn is_object(node: &Node<'_>) -> bool {
    node.kind() == Kind::Object
}

fn text(node: &Node<'_>) -> Option<String> {
    node.as_str().or_else(|| node.as_number()).map(|text| shown(text, SHOWN))
}

fn quoted(text: &str) -> &str {
    if text.is_empty() { "\"\"" } else { text }
}

/// `image 1.0.5 -> 1.0.9` where only the tag differs.
fn image(old: &Node<'_>, new: &Node<'_>) -> String {
    let id = |image: &Node<'_>| image.get("id").and_then(text).unwrap_or_default();
    let (old, new) = (id(old), id(new));
    if old == new {
        return "whether the image is pulled changed".to_owned();
    }
    match (tagged(&old), tagged(&new)) {
        (Some((old_name, old)), Some((new_name, new))) if old_name == new_name => {
            format!("image {old} -> {new}")
        }
        _ => format!("image {old} -> {new}"),
    }
}

/// An image's name and tag: a colon before the last slash is that of a port.
fn tagged(image: &str) -> Option<(&str, &str)> {
    image.rsplit_once(':').filter(|(_, tag)| !tag.contains('/'))
}

impl fmt::Display for Differences {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named = self.0.len().min(MOST_NAMED);
        f.write_str(&self.0[..named].join(", "))?;
        match self.0.len() - named {
            0 => Ok(()),
            more => write!(f, " and {more} more"),
        }
    }
}

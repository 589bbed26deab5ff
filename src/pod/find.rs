//! Where the pods are in a document: a pod, an array, or a group with groups and pods at any
//! depth. Whatever else there is passes through; here it is only told apart, and checked for keys
//! that are written twice.

use std::borrow::Cow;

use crate::document::{Diagnostic, Kind, Path, Raw, RawMember};

/// A thing in a document that a report can name.
#[derive(Clone, Debug)]
pub struct Entry<'a> {
    /// Its JSON pointer.
    pub pointer: String,
    /// Its text.
    pub raw: Raw<'a>,
    /// What it is.
    pub what: What<'a>,
}

/// What a thing in a document is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What<'a> {
    /// A pod's definition.
    Pod,
    /// An app, with its id.
    App(Option<Cow<'a, str>>),
    /// What Marathon answers about a pod that runs, with its id; the definition is within it.
    PodStatus(Option<Cow<'a, str>>),
    /// Nothing that Marathon deploys.
    Other,
}

impl Entry<'_> {
    /// Its id, as far as a look from outside tells.
    pub fn id(&self) -> Option<&str> {
        match &self.what {
            What::App(id) | What::PodStatus(id) => id.as_deref(),
            What::Pod | What::Other => None,
        }
    }
}

/// The members that a pod has and an app has not, or not in the same form.
const ONLY_PODS: [&str; 3] = ["containers", "scaling", "scheduling"];
const GROUPED: [&str; 3] = ["groups", "pods", "apps"];

/// How deep groups are followed, in steps of the path; a group in a group takes two.
const MAX_DEPTH: usize = 100;

/// More faults than anybody reads: a document with so many is no document for Marathon.
const MOST_FAULTS: usize = 10_000;

/// All that there is to report of in a document, in order, and the faults outside its pods: the
/// document is neither an object nor an array, what should list pods does not, or a key is written
/// twice. The entries are there in spite of faults, so that those within them can be told too.
pub fn entries(root: Raw<'_>) -> (Vec<Entry<'_>>, Vec<Diagnostic>) {
    let mut search = Search::default();
    match root.kind() {
        Kind::Object => search.object(root, &Path::root("")),
        Kind::Array => search.array(root, &Path::root(""), Search::object),
        kind => search.faults.push(
            Diagnostic::error(format!("expected a pod, found {kind}"))
                .rule("J07")
                .span(root.span())
                .hint("a pod, an app, a group or an array of them was expected"),
        ),
    }
    (search.found, search.faults)
}

#[derive(Default)]
struct Search<'a> {
    found: Vec<Entry<'a>>,
    faults: Vec<Diagnostic>,
}

impl<'a> Search<'a> {
    fn array(&mut self, raw: Raw<'a>, at: &Path<'_>, each: fn(&mut Self, Raw<'a>, &Path<'_>)) {
        match raw.elements() {
            Ok(elements) => {
                for (index, element) in elements.into_iter().enumerate() {
                    each(self, element, &at.index(index));
                }
            }
            Err(faults) => self.faults.extend(faults),
        }
    }

    /// Something that its members tell.
    fn object(&mut self, raw: Raw<'a>, at: &Path<'_>) {
        if at.depth() > MAX_DEPTH {
            let message = format!("groups nested deeper than {MAX_DEPTH} levels");
            return self.refuse("J06", raw, at, message, "is this the right file?");
        }
        if raw.kind() != Kind::Object {
            let message = format!("expected a pod, an app or a group, found {}", raw.kind());
            return self.refuse(
                "J07",
                raw,
                at,
                message,
                "remove it, or put an object in its place",
            );
        }
        let members = match raw.members() {
            Ok(members) => members,
            // A pod shows all its faults together, these among them.
            Err(_) if looks_like_a_pod(raw) => return self.entry(raw, at, What::Pod),
            Err(faults) => return self.faults.extend(faults),
        };
        // Marathon reads `null` as absent.
        let holds = |name: &str| member(&members, name).is_some_and(|m| m.kind() != Kind::Null);
        if ONLY_PODS.iter().any(|name| member(&members, name).is_some()) {
            self.entry(raw, at, What::Pod);
        } else if GROUPED.iter().any(|name| holds(name)) {
            self.group(members, at);
        } else {
            let what = classify(&members);
            self.pass(raw, at, what);
        }
    }

    fn refuse(
        &mut self,
        rule: &'static str,
        raw: Raw<'a>,
        at: &Path<'_>,
        message: String,
        hint: &str,
    ) {
        if self.faults.len() < MOST_FAULTS {
            let start = raw.span().start;
            let fault = Diagnostic::error(message).rule(rule).span(start..start + 1).hint(hint);
            self.faults.push(fault.pointer(at.to_string()));
        }
    }

    fn group(&mut self, members: Vec<RawMember<'a>>, at: &Path<'_>) {
        for RawMember { key, value, .. } in members {
            let at = at.key(&key);
            match (&*key, value.kind()) {
                ("groups" | "apps", Kind::Array) => self.array(value, &at, Self::object),
                ("pods", Kind::Array) => self.array(value, &at, Self::grouped_pod),
                (name, kind) if kind != Kind::Null && GROUPED.contains(&name) => {
                    let message = format!("expected an array, found {kind}");
                    self.refuse("J08", value, &at, message, "put it in brackets: [...]");
                }
                _ => self.check(value, &at),
            }
        }
    }

    /// An element of a group's `pods`: a pod unless it is a status.
    fn grouped_pod(&mut self, raw: Raw<'a>, at: &Path<'_>) {
        // Most have nothing of a status in them and need no closer look.
        if !raw.text().contains("\"spec\"") {
            return self.entry(raw, at, What::Pod);
        }
        match raw.members().map(|members| classify(&members)) {
            Ok(what @ What::PodStatus(_)) => self.pass(raw, at, what),
            _ => self.entry(raw, at, What::Pod),
        }
    }

    fn entry(&mut self, raw: Raw<'a>, at: &Path<'_>, what: What<'a>) {
        self.found.push(Entry { pointer: at.to_string(), raw, what });
    }

    fn pass(&mut self, raw: Raw<'a>, at: &Path<'_>, what: What<'a>) {
        self.check(raw, at);
        self.entry(raw, at, what);
    }

    /// What nobody looks into must still be free of repeated keys.
    fn check(&mut self, raw: Raw<'a>, at: &Path<'_>) {
        if let Err(faults) = raw.tree(at) {
            self.faults.extend(faults);
        }
    }
}

fn member<'a>(members: &[RawMember<'a>], name: &str) -> Option<Raw<'a>> {
    members.iter().find(|member| member.key == name).map(|member| member.value)
}

fn looks_like_a_pod(raw: Raw<'_>) -> bool {
    raw.text().contains("\"containers\"")
}

fn classify<'a>(members: &[RawMember<'a>]) -> What<'a> {
    let id = member(members, "id").and_then(|id| id.string().ok().flatten());
    let has = |name: &str| member(members, name).is_some();
    if has("spec") && has("status") {
        What::PodStatus(id)
    } else if id.is_some() || has("cmd") || has("container") {
        What::App(id)
    } else {
        What::Other
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Source;

    fn found(text: &str) -> Vec<(String, &'static str)> {
        let source = Source::new("x", text);
        let (entries, faults) = entries(source.root().unwrap());
        assert_eq!(faults, []);
        let name = |what| match what {
            What::Pod => "pod",
            What::App(_) => "app",
            What::PodStatus(_) => "status",
            What::Other => "other",
        };
        entries.into_iter().map(|entry| (entry.pointer, name(entry.what))).collect()
    }

    fn pairs(list: &[(&str, &'static str)]) -> Vec<(String, &'static str)> {
        list.iter().map(|(pointer, what)| ((*pointer).to_owned(), *what)).collect()
    }

    #[test]
    fn a_pod_is_told_by_its_containers() {
        assert_eq!(found(r#"{"id": "/a", "containers": []}"#), pairs(&[("", "pod")]));
        assert_eq!(found(r#"{"id": "/a", "cmd": "sleep 1"}"#), pairs(&[("", "app")]));
        assert_eq!(found(r#"{"uri": "x"}"#), pairs(&[("", "other")]));
    }

    #[test]
    fn groups_are_searched_at_any_depth() {
        let group = r#"{"id": "/g", "apps": [{"id": "a"}], "groups": [
            {"id": "h", "pods": [{"id": "/g/h/p"}, {"id": "/q", "spec": {}, "status": "STABLE"}]}]}"#;
        assert_eq!(
            found(group),
            pairs(&[
                ("/apps/0", "app"),
                ("/groups/0/pods/0", "pod"),
                ("/groups/0/pods/1", "status")
            ])
        );
    }

    #[test]
    fn an_array_may_mix_them() {
        let array = r#"[{"containers": []}, {"id": "/a"}]"#;
        assert_eq!(found(array), pairs(&[("/0", "pod"), ("/1", "app")]));
    }

    #[test]
    fn what_passes_through_is_checked_for_repeated_keys_too() {
        let source = Source::new("x", r#"{"id": "/a", "env": {"A": "1", "A": "2"}}"#);
        let (_, faults) = entries(source.root().unwrap());
        assert_eq!(faults[0].pointer.as_deref(), Some("/env/A"));
    }

    #[test]
    fn a_fault_in_one_thing_hides_no_other() {
        let group = r#"{"id": "/g", "apps": [{"id": "a", "cmd": "b", "cmd": "c"}, 3],
            "pods": [{"id": "/g/p"}], "groups": {"id": "/g/h"}}"#;
        let source = Source::new("x", group);
        let (entries, faults) = entries(source.root().unwrap());
        assert_eq!(entries.iter().map(|it| &it.pointer).collect::<Vec<_>>(), ["/pods/0"]);
        let messages: Vec<_> = faults.iter().map(|it| it.message.as_str()).collect();
        assert_eq!(
            messages,
            [
                "the key \"cmd\" is written twice",
                "expected a pod, an app or a group, found a number",
                "expected an array, found an object"
            ]
        );
    }

    #[test]
    fn what_lists_pods_must_be_an_array() {
        for name in GROUPED {
            let text = format!(r#"{{"id": "/g", "{name}": {{"id": "/g/x"}}}}"#);
            let source = Source::new("x", &text);
            let (entries, faults) = entries(source.root().unwrap());
            assert!(entries.is_empty(), "{entries:#?}");
            assert_eq!(faults[0].message, "expected an array, found an object");
            assert_eq!(faults[0].pointer, Some(format!("/{name}")));
        }
        assert_eq!(found(r#"{"id": "/g", "pods": null}"#), pairs(&[("", "app")]));
        assert_eq!(found(r#"{"id": "/g", "pods": null, "apps": []}"#), []);
        assert_eq!(found(r#"{"id": "/p", "scaling": null, "pods": 3}"#), pairs(&[("", "pod")]));
    }

    #[test]
    fn a_scalar_is_no_document_for_marathon() {
        let source = Source::new("x", "42");
        let (entries, faults) = entries(source.root().unwrap());
        assert_eq!((entries.len(), faults.len()), (0, 1));
    }
}

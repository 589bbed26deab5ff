//! Marathon's paths, as `/containers(0)/name`, followed into a pod. Some are told from within the
//! pod, some are the text of Marathon's own source; and keys may look like steps.

use std::ops::Range;

use crate::document::{Kind, Member, Node, Path};

/// Paths that Marathon tells as if a part stood alone, and where that stands in a pod (Marathon
/// `SchedulingValidation`, `ResourceRole`).
const TOLD_FROM_WITHIN: [(&str, &str); 3] = [
    ("/upgradeStrategy", "/scheduling/upgrade"),
    ("/upgrade", "/scheduling/upgrade"),
    ("/acceptedResourceRoles", "/scheduling/placement/acceptedResourceRoles"),
];

/// The volumes that are secrets, counted by themselves (Marathon `PodsValidation`).
const SECRET_VOLUMES: &str = "/podSecretVolumes(pod)";

/// Where a path leads.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// Where the deepest value there is stands. None for what is in no file: what stands around
    /// that is not to blame.
    pub(super) span: Option<Range<usize>>,
    /// The JSON pointer of the deepest value there is, or of what is missing in it.
    pub(super) pointer: String,
    /// How far it could be followed.
    pub(super) reach: Reach,
    /// Who wrote the deepest value there is.
    pub(super) author: Author,
}

/// How far a path can be followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// To its end, or to members that are missing.
    Whole,
    /// To where there is no telling what it means.
    Part,
}

/// Whose a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Author {
    /// It stands in the file.
    User,
    /// Injection put it into what stands in the file.
    Injection,
}

impl Place {
    pub(super) fn of(path: &str, pod: &Node<'_>, at: &Path<'_>) -> Self {
        let mut place = follow(pod, &from_the_root(path, pod), at);
        // A pod that no file holds is not one that something was added to.
        if pod.span().is_none() {
            place.author = Author::User;
        }
        place
    }

    fn end(node: &Node<'_>, pointer: String, reach: Reach) -> Self {
        let span = node.span();
        let author = if span.is_some() { Author::User } else { Author::Injection };
        Self { span, pointer, reach, author }
    }
}

/// The name of the container that a path leads into.
pub(super) fn container<'p>(path: &str, pod: &'p Node<'_>) -> Option<&'p str> {
    let (index, _) = index(path.strip_prefix("/containers")?)?;
    pod.get("containers")?.items().get(index)?.get("name")?.as_str()
}

/// A path as it were if it had been told from the root of the pod; that itself is `/` to Marathon.
fn from_the_root(path: &str, pod: &Node<'_>) -> String {
    if path == "/" {
        return String::new();
    }
    if let Some(rest) = path.strip_prefix(SECRET_VOLUMES) {
        return secret_volume(rest, pod);
    }
    let moved =
        TOLD_FROM_WITHIN.iter().find_map(|(told, stands)| match path.strip_prefix(told)? {
            rest if rest.is_empty() || rest.starts_with(['/', '(']) => {
                Some(format!("{stands}{rest}"))
            }
            rest => rest.starts_with('.').then(|| (*stands).to_owned()),
        });
    moved.unwrap_or_else(|| path.to_owned())
}

/// The path of the secret volume that `(i)…` counts, or of all volumes.
fn secret_volume(rest: &str, pod: &Node<'_>) -> String {
    let volumes = pod.get("volumes").map(Node::items).unwrap_or_default();
    // Marathon reads a volume that could be both as a persistent one.
    let is_secret =
        |volume: &Node<'_>| volume.get("secret").is_some() && volume.get("persistent").is_none();
    let mut secrets = (0..volumes.len()).filter(|at| is_secret(&volumes[*at]));
    let counted = index(rest).and_then(|(which, rest)| Some((secrets.nth(which)?, rest)));
    match counted {
        Some((at, rest)) => format!("/volumes({at}){rest}"),
        None => "/volumes".to_owned(),
    }
}

fn follow(node: &Node<'_>, path: &str, at: &Path<'_>) -> Place {
    if let Some((index, rest)) = index(path).filter(|_| node.kind() == Kind::Array) {
        return match node.items().get(index) {
            Some(item) => follow(item, rest, &at.index(index)),
            None => {
                Place { span: None, ..Place::end(node, at.index(index).to_string(), Reach::Part) }
            }
        };
    }
    if let Some((member, rest)) = member(node, path) {
        return follow(member.value(), rest, &at.key(member.key()));
    }
    let names_members = |path: &str| path.chars().all(|c| c == '/' || c.is_ascii_alphanumeric());
    match node.kind() {
        _ if path.is_empty() => Place::end(node, at.to_string(), Reach::Whole),
        Kind::Object if names_members(path) => {
            Place::end(node, format!("{at}{path}"), Reach::Whole)
        }
        _ => Place::end(node, at.to_string(), Reach::Part),
    }
}

/// The element that a path begins with, and the rest of the path.
fn index(path: &str) -> Option<(usize, &str)> {
    let (digits, rest) = path.strip_prefix('(')?.split_once(')')?;
    Some((digits.parse().ok()?, rest))
}

/// The member that a path begins with, and the rest of the path. Marathon escapes nothing, and keys
/// of labels and secrets may hold slashes and parentheses: the longest key that fits is meant.
fn member<'n, 'a, 'p>(node: &'n Node<'a>, path: &'p str) -> Option<(&'n Member<'a>, &'p str)> {
    let path = path.strip_prefix('/')?;
    let fitting = node.members().iter().filter_map(|member| {
        let rest = path.strip_prefix(member.key())?;
        let is_step = rest.is_empty()
            || rest.starts_with('/')
            || rest.starts_with('(') && member.value().kind() == Kind::Array;
        is_step.then_some((member, rest))
    });
    fitting
        .max_by_key(|(member, _)| member.key().len())
        .or_else(|| Some((named(node, in_source(path)?)?, "")))
}

/// The key that a step means which is the text of an expression in Marathon's source, as
/// `hc.path.map(_.length).getOrElse(1)`. Of the keys of a map, `keys(i)`, only an empty one is ever
/// at fault, and `i` counts them in an order of Marathon's own.
fn in_source(step: &str) -> Option<&str> {
    if step.starts_with("keys(") {
        return Some("");
    }
    let (variable, expression) = step.split_once('.')?;
    let is_variable = variable.chars().all(|c| c.is_ascii_alphanumeric());
    expression.split(['.', '(']).next().filter(|_| is_variable)
}

fn named<'n, 'a>(node: &'n Node<'a>, key: &str) -> Option<&'n Member<'a>> {
    node.members().iter().find(|member| member.key() == key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Source;

    const POD: &str = r#"{
      "id": "/p",
      "labels": {"a": "1", "a/b(0)": "2", "c.d": "3"},
      "environment": {"": "x", "keys": "y"},
      "containers": [{"name": "a", "healthCheck": {"http": {"path": "/health"}},
        "volumeMounts": [{"name": "v", "mountPath": "mount"}],
        "artifacts": [{"uri": "http://a"}]}],
      "volumes": [{"name": "v"}, {"name": "k", "secret": "first"}, {"name": "p",
        "secret": "no", "persistent": {"size": 1}}, {"name": "l", "secret": "second"}],
      "scheduling": {"upgrade": {"maximumOverCapacity": 1},
        "placement": {"acceptedResourceRoles": ["*"], "constraints": []}}
    }"#;

    /// The pointer that a path leads to, and the text that stands there.
    fn led(path: &str) -> (String, Reach, String) {
        let source = Source::new("pod.json", POD);
        let pod = source.root().unwrap().tree(&Path::root("")).unwrap();
        let place = Place::of(path, &pod, &Path::root("/pods/2"));
        let text = POD[place.span.unwrap_or_default()].to_owned();
        (place.pointer.strip_prefix("/pods/2").unwrap().to_owned(), place.reach, text)
    }

    #[test]
    fn marathons_paths_lead_to_the_values() {
        let cases = [
            ("/id", "/id", "\"/p\""),
            ("/containers(0)/name", "/containers/0/name", "\"a\""),
            ("/labels/a", "/labels/a", "\"1\""),
            ("/labels/c.d", "/labels/c.d", "\"3\""),
            ("/upgrade/maximumOverCapacity", "/scheduling/upgrade/maximumOverCapacity", "1"),
            (
                "/upgradeStrategy/maximumOverCapacity",
                "/scheduling/upgrade/maximumOverCapacity",
                "1",
            ),
            ("/acceptedResourceRoles", "/scheduling/placement/acceptedResourceRoles", "[\"*\"]"),
            (
                "/acceptedResourceRoles.toSet",
                "/scheduling/placement/acceptedResourceRoles",
                "[\"*\"]",
            ),
            ("/acceptedResourceRoles(0)", "/scheduling/placement/acceptedResourceRoles/0", "\"*\""),
            (
                "/scheduling/placement/ppp.acceptedResourceRoles.toSet",
                "/scheduling/placement/acceptedResourceRoles",
                "[\"*\"]",
            ),
            (
                "/containers(0)/healthCheck/http/hc.path.map(_.length).getOrElse(1)",
                "/containers/0/healthCheck/http/path",
                "\"/health\"",
            ),
            (
                "/containers(0)/volumeMounts(0)/volumeMount.mountPath.length",
                "/containers/0/volumeMounts/0/mountPath",
                "\"mount\"",
            ),
            (
                "/containers(0)/artifacts(0)/artifact.uri.length",
                "/containers/0/artifacts/0/uri",
                "\"http://a\"",
            ),
            ("/environment/keys(3)", "/environment/", "\"x\""),
            ("/environment/keys", "/environment/keys", "\"y\""),
        ];
        for (path, pointer, text) in cases {
            assert_eq!(led(path), (pointer.to_owned(), Reach::Whole, text.to_owned()), "{path}");
        }
    }

    #[test]
    fn the_pod_as_a_whole_is_a_slash() {
        assert_eq!(led("/"), (String::new(), Reach::Whole, POD.to_owned()));
    }

    #[test]
    fn the_longest_key_that_fits_is_meant() {
        let (pointer, reach, text) = led("/labels/a/b(0)");
        assert_eq!((&*pointer, reach, &*text), ("/labels/a~1b(0)", Reach::Whole, "\"2\""));
    }

    #[test]
    fn secret_volumes_are_counted_among_themselves() {
        let cases = [
            ("/podSecretVolumes(pod)(0)/secret", "/volumes/1/secret"),
            ("/podSecretVolumes(pod)(1)/secret", "/volumes/3/secret"),
            ("/podSecretVolumes(pod)", "/volumes"),
            ("/podSecretVolumes(pod)(2)/secret", "/volumes"),
        ];
        for (path, pointer) in cases {
            assert_eq!(led(path).0, pointer, "{path}");
        }
    }

    #[test]
    fn a_missing_member_is_shown_at_what_lacks_it() {
        let (pointer, reach, text) = led("/containers(0)/image/id");
        assert_eq!((&*pointer, reach), ("/containers/0/image/id", Reach::Whole));
        assert!(text.starts_with("{\"name\": \"a\""), "{text}");
    }

    #[test]
    fn an_element_that_is_not_there_is_not_blamed_on_the_list() {
        let (pointer, reach, text) = led("/containers(7)/resources/cpus");
        assert_eq!((&*pointer, reach, &*text), ("/containers/7", Reach::Part, ""));
    }

    #[test]
    fn no_path_leads_astray() {
        for path in ["", "x", "//", "(", "/containers(99999999999999999999)", "/id(0)", "/é(0)/ü"]
        {
            let (pointer, ..) = led(path);
            assert!(POD.len() > pointer.len(), "{path}");
        }
    }
}

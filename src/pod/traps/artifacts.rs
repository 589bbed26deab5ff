//! What the Mesos fetcher makes of artifacts: T19 to T21.

use crate::document::{Diagnostic, Node, Path};
use crate::pod::finding::trap;
use crate::pod::members::{list, text};

pub(super) fn check(container: &Node<'_>, at: &Path<'_>, found: &mut Vec<Diagnostic>) {
    let at = at.key("artifacts");
    for (index, artifact) in list(container, "artifacts").iter().enumerate() {
        let at = at.index(index);
        if let Some(path) = artifact.get("destPath").filter(|path| is_absolute(path)) {
            let message = "an absolute `destPath` lies outside the sandbox: the launch fails";
            let hint = "write a path below the sandbox, without the slash at its start";
            found.push(trap("T19", path, &at.key("destPath"), message, hint));
        }
        if let Some(cache) = artifact.get("cache").filter(|it| it.as_bool() == Some(true))
            && text(artifact, "uri").is_some_and(is_credential)
        {
            let message = "the fetcher's cache is never refreshed: a renewed certificate or key would not arrive";
            let hint = "remove \"cache\": true";
            found.push(trap("T20", cache, &at.key("cache"), message, hint));
        }
        let is = |member| artifact.get(member).and_then(Node::as_bool) == Some(true);
        if let Some(extract) = artifact.get("extract").filter(|_| is("extract") && is("executable"))
        {
            let message = "an `executable` artifact is never extracted";
            let hint = "keep one of the two";
            found.push(trap("T21", extract, &at.key("extract"), message, hint));
        }
    }
}

fn is_absolute(path: &Node<'_>) -> bool {
    path.as_str().is_some_and(|path| path.starts_with('/'))
}

/// Whether a file looks like a certificate or a key, by its name.
fn is_credential(uri: &str) -> bool {
    let path = uri.split(['?', '#']).next().unwrap_or_default();
    let file = path.rsplit('/').next().unwrap_or_default().to_ascii_lowercase();
    let ending = file.rsplit_once('.').map_or("", |(_, ending)| ending);
    let endings = ["pem", "crt", "cer", "der", "key", "p12", "pfx", "jks"];
    endings.contains(&ending) || file.contains("cert")
}

//! The result as SARIF 2.1.0 (OASIS, "Static Analysis Results Interchange Format"), which code
//! scanning reads.

use std::fmt::Write;

use marathon_inject::check::Page;
use serde_json::{Map, Value, json};

use super::results::{Finding, Place, Results, word};

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

pub(super) fn text(results: &Results) -> String {
    let pages = results.pages();
    let codes: Vec<_> = pages.keys().copied().collect();
    let document = json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "inject",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": pages.iter().map(|(code, page)| rule(code, page.as_ref())).collect::<Vec<_>>(),
            }},
            // §3.14.17: what a column counts.
            "columnKind": "unicodeCodePoints",
            "invocations": [{"executionSuccessful": results.all_read()}],
            "results": results.list().map(|finding| result(finding, &codes)).collect::<Vec<_>>(),
        }],
    });
    serde_json::to_string_pretty(&document).expect("JSON serialises") + "\n"
}

/// §3.49, a reportingDescriptor.
fn rule(code: &str, page: Option<&Page>) -> Value {
    match page {
        Some(page) => json!({
            "id": code,
            "shortDescription": {"text": page.title},
            "help": {"text": page.text, "markdown": page.text},
        }),
        None => json!({"id": code}),
    }
}

/// §3.27
fn result(finding: &Finding, codes: &[&str]) -> Value {
    let message = match &finding.hint {
        Some(hint) => format!("{}\n{hint}", finding.message),
        None => finding.message.clone(),
    };
    let mut result = json!({
        "ruleId": finding.code,
        "ruleIndex": codes.binary_search(&finding.code).unwrap_or_default(),
        "level": word(finding.severity),
        "message": {"text": message},
        "locations": [location(finding)],
    });
    if let Some((place, label)) = &finding.related {
        let related = json!([{
            "physicalLocation": physical(finding, Some(*place)),
            "message": {"text": label},
        }]);
        result["relatedLocations"] = related;
    }
    result
}

/// §3.28. The logical location is the JSON pointer.
fn location(finding: &Finding) -> Value {
    let mut location = Map::new();
    location.insert("physicalLocation".to_owned(), physical(finding, finding.place));
    if let Some(pointer) = finding.pointer.as_deref().filter(|pointer| !pointer.is_empty()) {
        let logical = json!([{"fullyQualifiedName": pointer, "kind": "value"}]);
        location.insert("logicalLocations".to_owned(), logical);
    }
    Value::Object(location)
}

/// §3.29
fn physical(finding: &Finding, place: Option<Place>) -> Value {
    let mut physical = json!({"artifactLocation": {"uri": uri(finding.path().as_str())}});
    if let Some(Place { start, end }) = place {
        physical["region"] = json!({
            "startLine": start.line,
            "startColumn": start.column,
            "endLine": end.line,
            "endColumn": end.column,
        });
    }
    physical
}

/// The file's name as a URI reference (RFC 3986 §4.1): relative as the name is, or `file:`.
fn uri(file: &str) -> String {
    let mut uri = String::new();
    if file.starts_with('/') {
        uri += "file://";
    }
    for byte in file.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                uri.push(byte.into());
            }
            _ => {
                let _ = write!(uri, "%{byte:02X}");
            }
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_becomes_a_reference_that_means_the_same() {
        for (file, expected) in [
            ("pods/a.json", "pods/a.json"),
            ("../a b/é.json", "../a%20b/%C3%A9.json"),
            ("a:b?#%.json", "a%3Ab%3F%23%25.json"),
            ("/tmp/a.json", "file:///tmp/a.json"),
            ("<stdin>", "%3Cstdin%3E"),
        ] {
            assert_eq!(uri(file), expected);
        }
    }
}

//! A digest of what was added, kept in the record: it tells whether somebody edited that since.
//! The order of members and the spelling of numbers and strings do not count.

use xxhash_rust::xxh3::{Xxh3, xxh3_64};

use super::route::resolve;
use crate::document::{Node, Value};

/// The digest of what stands at these routes of a pod, as 16 hexadecimal digits.
pub(super) fn seal(pod: &Node<'_>, routes: &[String]) -> String {
    let mut digest = Xxh3::new();
    for route in routes {
        text(&mut digest, b'/', route);
        match resolve(pod, route) {
            Some(place) => feed(&mut digest, place.node),
            None => digest.update(b"-"),
        }
    }
    format!("{:016x}", digest.digest())
}

/// The digest of a text, as 16 hexadecimal digits.
pub(super) fn digest(text: &str) -> String {
    format!("{:016x}", xxh3_64(text.as_bytes()))
}

fn feed(digest: &mut Xxh3, node: &Node<'_>) {
    match node.value() {
        Value::Null => digest.update(b"n"),
        Value::Boolean(boolean) => digest.update(&[b'b', u8::from(*boolean)]),
        Value::Number(number) => match node.as_f64() {
            Some(double) => {
                digest.update(b"f");
                digest.update(&double.to_be_bytes());
            }
            None => text(digest, b'd', number),
        },
        Value::String(string) => text(digest, b's', string),
        Value::Array(_) => {
            digest.update(b"[");
            node.items().iter().for_each(|item| feed(digest, item));
            digest.update(b"]");
        }
        Value::Object(_) => {
            let mut members: Vec<_> = node.members().iter().collect();
            members.sort_by_key(|member| member.key());
            digest.update(b"{");
            for member in members {
                text(digest, b'k', member.key());
                feed(digest, member.value());
            }
            digest.update(b"}");
        }
    }
}

fn text(digest: &mut Xxh3, tag: u8, text: &str) {
    digest.update(&[tag]);
    digest.update(&(text.len() as u64).to_be_bytes());
    digest.update(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::{Path, Source};

    fn sealed(text: &str) -> String {
        let source = Source::new("x", text);
        let tree = source.root().unwrap().tree(&Path::root("")).unwrap();
        seal(&tree, &["/containers/a".to_owned()])
    }

    #[test]
    fn how_it_is_written_does_not_count() {
        let one = sealed(r#"{"containers": [{"name": "a", "mem": 512}]}"#);
        assert_eq!(one, sealed("{\"containers\":[1,{\"mem\":5.12e2,\n\"name\":\"\\u0061\"}]}"));
    }

    #[test]
    fn what_is_written_does() {
        let one = sealed(r#"{"containers": [{"name": "a", "mem": 512}]}"#);
        for other in [
            r#"{"containers": [{"name": "a", "mem": 513}]}"#,
            r#"{"containers": [{"name": "a", "mem": "512"}]}"#,
            r#"{"containers": [{"name": "a", "mem": 512, "x": null}]}"#,
            r#"{"containers": []}"#,
        ] {
            assert_ne!(one, sealed(other), "{other}");
        }
    }
}

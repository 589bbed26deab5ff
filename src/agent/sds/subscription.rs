//! What a client wants, what it was sent, and what it said to that. Pure.

use std::collections::{BTreeMap, BTreeSet};

use super::secret::{Item, known};

/// One stream's state.
#[derive(Debug, Default)]
pub(super) struct Subscription {
    /// Of the names that there are: what a client makes up is not kept.
    wanted: BTreeSet<&'static str>,
    /// The version of each secret that was sent last, taken or not: the same is not sent again.
    sent: BTreeMap<&'static str, String>,
    responses: u64,
    /// What the last response held, until it is answered.
    open: Option<Vec<(&'static str, String)>>,
}

/// What a request says to what was sent.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Heard {
    /// Nothing: it is the client's own.
    Request,
    /// The last response has been answered, with these secrets and their versions.
    Answer(Vec<(&'static str, String)>),
    /// It answers an older one: the answer to the last is still to come.
    Stale,
}

impl Subscription {
    /// Takes the nonce of a request.
    pub(super) fn heard(&mut self, nonce: &str) -> Heard {
        // What is left of a stream to another agent means nothing here.
        if nonce.is_empty() || self.responses == 0 {
            return Heard::Request;
        }
        if nonce != self.responses.to_string() {
            return Heard::Stale;
        }
        self.open.take().map_or(Heard::Request, Heard::Answer)
    }

    /// All names that are wanted from now on.
    pub(super) fn want(&mut self, names: &[String]) {
        self.wanted = names.iter().filter_map(|name| known(name)).collect();
        self.sent.retain(|name, _| self.wanted.contains(name));
    }

    /// Names that are wanted, too; what is asked for again is sent again.
    pub(super) fn subscribe(&mut self, names: &[String]) {
        for name in names.iter().filter_map(|name| known(name)) {
            self.sent.remove(name);
            self.wanted.insert(name);
        }
    }

    /// Names that are wanted no more.
    pub(super) fn unsubscribe(&mut self, names: &[String]) {
        for name in names {
            self.sent.remove(name.as_str());
            self.wanted.remove(name.as_str());
        }
    }

    /// Whether a secret is wanted.
    pub(super) fn wants(&self, name: &str) -> bool {
        self.wanted.contains(name)
    }

    /// What of all there is has to be sent, and under which nonce; it then counts as sent.
    pub(super) fn due(&mut self, mut items: Vec<Item>) -> Option<(Vec<Item>, String)> {
        items.retain(|item| {
            self.wanted.contains(item.name) && self.sent.get(item.name) != Some(&item.version)
        });
        if items.is_empty() {
            return None;
        }
        let versions = items.iter().map(|item| (item.name, item.version.clone()));
        self.sent.extend(versions.clone());
        self.open = Some(versions.collect());
        self.responses += 1;
        Some((items, self.responses.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, LazyLock};
    use std::time::Duration;

    use time::OffsetDateTime;

    use super::super::super::roots::Roots;
    use super::super::secret::{CERTIFICATE, ROOTS};
    use super::*;
    use crate::identity::x509::{Authority, AuthorityProfile, KeyKind};

    /// What they hold is the same in all.
    static CONTENT: LazyLock<Arc<Roots>> = LazyLock::new(|| {
        let organization = "mesh".parse().unwrap();
        let (key, ttl) = (KeyKind::P256, Duration::from_secs(60));
        let profile = AuthorityProfile { organization: &organization, ttl, key, path_len: 0 };
        let root = Authority::root(&profile, OffsetDateTime::UNIX_EPOCH).unwrap();
        let pem = root.certificate().to_pem();
        Arc::new(Roots::parse(pem.as_bytes(), OffsetDateTime::UNIX_EPOCH).unwrap())
    });

    fn items(certificate: &str, roots: &str) -> Vec<Item> {
        let item = |name, version| Item::named(name, version, &CONTENT);
        vec![item(ROOTS, roots), item(CERTIFICATE, certificate)]
    }

    fn owned(names: &[&str]) -> Vec<String> {
        names.iter().map(ToString::to_string).collect()
    }

    fn wanting(names: &[&str]) -> Subscription {
        let mut subscription = Subscription::default();
        assert_eq!(subscription.heard(""), Heard::Request);
        subscription.want(&owned(names));
        subscription
    }

    fn sent(subscription: &mut Subscription, items: Vec<Item>) -> Option<(Vec<String>, String)> {
        let (items, nonce) = subscription.due(items)?;
        Some((items.into_iter().map(|item| item.version).collect(), nonce))
    }

    #[test]
    fn what_is_wanted_is_sent_once_however_often_it_is_looked_at() {
        let mut it = wanting(&[CERTIFICATE]);
        let (versions, nonce) = sent(&mut it, items("c1", "r1")).unwrap();
        assert_eq!(versions, ["c1"]);
        assert_eq!(sent(&mut it, items("c1", "r1")), None);
        let answer = Heard::Answer(vec![(CERTIFICATE, "c1".to_owned())]);
        assert_eq!(it.heard(&nonce), answer);
        assert_eq!(sent(&mut it, items("c1", "r2")), None);
        assert_eq!(sent(&mut it, items("c2", "r2")).unwrap().0, ["c2"]);
    }

    #[test]
    fn the_answer_to_an_older_response_is_stale() {
        let mut it = wanting(&[CERTIFICATE]);
        let (_, first) = sent(&mut it, items("c1", "r1")).unwrap();
        let (_, second) = sent(&mut it, items("c2", "r1")).unwrap();
        assert_eq!(it.heard(&first), Heard::Stale);
        assert_eq!(it.heard("of another stream"), Heard::Stale);
        assert_eq!(it.heard(&second), Heard::Answer(vec![(CERTIFICATE, "c2".to_owned())]));
    }

    #[test]
    fn the_first_request_on_a_stream_answers_nothing_whatever_its_nonce() {
        let mut it = Subscription::default();
        assert_eq!(it.heard("of another stream"), Heard::Request);
    }

    #[test]
    fn a_name_that_is_wanted_again_is_sent_again() {
        let mut it = wanting(&[CERTIFICATE]);
        sent(&mut it, items("c1", "r1")).unwrap();
        it.want(&owned(&[ROOTS]));
        assert_eq!(sent(&mut it, items("c1", "r1")).unwrap().0, ["r1"]);
        it.want(&owned(&[ROOTS, CERTIFICATE]));
        assert_eq!(sent(&mut it, items("c1", "r1")).unwrap().0, ["c1"]);
        it.subscribe(&owned(&[ROOTS]));
        assert_eq!(sent(&mut it, items("c1", "r1")).unwrap().0, ["r1"]);
        it.unsubscribe(&owned(&[ROOTS]));
        assert_eq!(sent(&mut it, items("c1", "r2")), None);
    }

    #[test]
    fn names_without_end_are_not_kept_and_keep_nothing_from_being_sent() {
        let mut it = Subscription::default();
        let many = |from: usize| (from..from + 1000).map(|number| number.to_string());
        it.want(&many(0).collect::<Vec<_>>());
        it.subscribe(&many(1000).chain([ROOTS.to_owned()]).collect::<Vec<_>>());
        assert_eq!(it.wanted, BTreeSet::from([ROOTS]));
        assert_eq!(sent(&mut it, items("c1", "r1")).unwrap().0, ["r1"]);
    }
}

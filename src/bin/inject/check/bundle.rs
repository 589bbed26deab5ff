//! The certificates that pods get, where their bundle is at hand: the one that `--bundle` names, or
//! one that the Mesos fetcher would copy from a disk that this machine has too.

use std::collections::HashMap;
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use humantime::format_duration;
use marathon_inject::bundle::{Found, OpenError, ReadError, open};
use marathon_inject::check::Document;
use marathon_inject::command_line::Failure;
use marathon_inject::document::Diagnostic;
use marathon_inject::identity::SpiffeId;
use marathon_inject::identity::x509::{Fault, PathError, Verified, rfc3339, time_left, verify};
use marathon_inject::plan::Injector;
use time::OffsetDateTime;

use crate::args::CheckArgs;

/// The endings of the archives that can be read here.
const ENDINGS: [&str; 2] = [".tgz", ".tar.gz"];

/// When a certificate that is still good is about to end. A pod fetches its bundle once, when it
/// starts, and lives with what is left of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Soon {
    /// When less than a third of its life is left: 8 of 24 hours, a month of 90 days.
    ThirdOfLife,
    /// When less than this is left.
    Within(Duration),
}

/// The bundles at hand. Each is read once; its key is checked then, and not kept.
pub(super) struct Bundles<'i> {
    /// Knows where the pods fetch theirs from.
    injector: &'i Injector,
    named: Option<(Utf8PathBuf, Looked)>,
    /// By where the pods fetch them from; `None` if nothing is at hand there.
    fetched: HashMap<Utf8PathBuf, Option<Looked>>,
    soon: Soon,
    now: OffsetDateTime,
}

/// What a bundle is worth, whomever it is for; what is wrong with it.
type Looked = Result<Verified, Vec<Diagnostic>>;

impl<'i> Bundles<'i> {
    /// Those that the arguments mean, now.
    ///
    /// # Errors
    /// The bundle that is named cannot be read.
    pub(super) fn of(args: &CheckArgs, injector: &'i Injector) -> Result<Self, Failure> {
        let soon = args.expires_within.map_or(Soon::ThirdOfLife, Soon::Within);
        Self::new(injector, args.bundle.as_deref(), soon, OffsetDateTime::now_utc())
    }

    /// The bundle that `named` names for all pods; without that, those that the pods fetch.
    fn new(
        injector: &'i Injector,
        named: Option<&Utf8Path>,
        soon: Soon,
        now: OffsetDateTime,
    ) -> Result<Self, Failure> {
        let look = |path: &Utf8Path| look(path, now).map(|looked| (path.to_owned(), looked));
        let named = named.map(look).transpose();
        let named = named.map_err(|error| Failure::input(error.to_string()))?;
        Ok(Self { injector, named, fetched: HashMap::new(), soon, now })
    }

    /// Adds what is wrong with the bundles of a document's pods.
    pub(super) fn look_at(&mut self, document: &mut Document) {
        for entry in &mut document.entries {
            let Some(identity) = &entry.identity else { continue };
            let uri = self.injector.bundle_uri(identity);
            self.findings(identity, &uri).into_iter().for_each(|finding| entry.add(finding));
        }
    }

    /// What is wrong with the bundle of a pod of that identity, which fetches it from `uri`;
    /// nothing where none is at hand.
    fn findings(&mut self, identity: &SpiffeId, uri: &str) -> Vec<Diagnostic> {
        let (soon, now) = (self.soon, self.now);
        let Some((path, looked)) = self.at_hand(uri) else { return Vec::new() };
        match looked {
            Ok(good) => {
                let other = other_identity(path, good, identity);
                other.into_iter().chain(ends_soon(path, good, soon, now)).collect()
            }
            Err(faults) => faults.clone(),
        }
    }

    /// The bundle of the pods that fetch theirs from `uri`, if it is at hand.
    fn at_hand<'b>(&'b mut self, uri: &'b str) -> Option<(&'b Utf8Path, &'b Looked)> {
        if let Some((path, looked)) = &self.named {
            return Some((path, looked));
        }
        let (path, now) = (copied_from(uri)?, self.now);
        let look = || if path.is_file() { look(path, now).ok() } else { None };
        let looked = self.fetched.entry(path.to_owned()).or_insert_with(look);
        looked.as_ref().map(|looked| (path, looked))
    }
}

/// The archive that the Mesos fetcher copies instead of downloading it (Mesos
/// src/launcher/fetcher.cpp).
fn copied_from(uri: &str) -> Option<&Utf8Path> {
    let schemes = ["file://localhost", "file://"];
    let path = schemes.iter().find_map(|scheme| uri.strip_prefix(scheme)).unwrap_or(uri);
    let is_archive = ENDINGS.iter().any(|ending| path.ends_with(ending));
    let path = Utf8Path::new(path);
    (is_archive && path.is_absolute()).then_some(path)
}

/// Looks at the bundle at a path.
fn look(path: &Utf8Path, now: OffsetDateTime) -> Result<Looked, OpenError> {
    Ok(match open(path, None) {
        Ok(Found::Bundle(bundle)) => verify(&bundle, None, now)
            .map_err(|faults| faults.iter().map(|fault| of_fault(path, fault)).collect()),
        Ok(Found::Other(_)) => Err(vec![broken(format!("{path} is no bundle"))]),
        Err(error @ (OpenError::Archive { .. } | OpenError::Read(ReadError::TooLarge { .. }))) => {
            Err(vec![broken(error.to_string())])
        }
        Err(error) => return Err(error),
    })
}

/// What a fault of a bundle means for the pods that get it.
fn of_fault(path: &Utf8Path, fault: &Fault) -> Diagnostic {
    let message = format!("{path}: {fault}");
    match fault {
        Fault::Path(PathError::Ended(_) | PathError::NotBegun(_) | PathError::NoValidRoot(_)) => {
            untimely(Diagnostic::error(message))
        }
        _ => broken(message),
    }
}

/// A bundle that would serve, but another pod.
fn other_identity(path: &Utf8Path, good: &Verified, identity: &SpiffeId) -> Option<Diagnostic> {
    if good.identity == *identity {
        return None;
    }
    let (found, expected) = (good.identity.clone(), identity.clone());
    let fault = Fault::OtherIdentity { found, expected };
    let hint = format!("make one for it, as `citadel bundle --identity {identity}` does");
    Some(broken(format!("{path}: {fault}")).hint(hint))
}

/// A bundle that would serve now, but not for long.
fn ends_soon(
    path: &Utf8Path,
    good: &Verified,
    soon: Soon,
    now: OffsetDateTime,
) -> Option<Diagnostic> {
    let (life, left) = (good.not_after - good.leaf.facts().not_before, good.not_after - now);
    let (is_soon, words) = match soon {
        Soon::ThirdOfLife => (left * 3 < life, "less than a third of its life".to_owned()),
        Soon::Within(limit) => (left < limit, format!("less than {}", format_duration(limit))),
    };
    let (end, left) = (rfc3339(good.not_after), time_left(good.not_after, now));
    let message = format!("{path}: the certificate ends at {end} ({left}), {words}");
    is_soon.then(|| untimely(Diagnostic::warning(message)))
}

fn untimely(finding: Diagnostic) -> Diagnostic {
    finding.rule("I22").hint("put a new bundle there before the pod starts, as of `citadel bundle`")
}

fn broken(message: String) -> Diagnostic {
    Diagnostic::error(message).rule("I23").hint("make the bundle anew, as with `citadel bundle`")
}

#[cfg(test)]
mod tests {
    use std::fs;

    use marathon_inject::bundle::write_archive;
    use marathon_inject::document::Severity;
    use marathon_inject::identity::x509::{
        Authority, AuthorityProfile, Bundle, KeyKind, LeafProfile,
    };
    use marathon_inject::settings::Settings;
    use tempfile::TempDir;
    use time::macros::datetime;

    use super::*;

    const NOW: OffsetDateTime = datetime!(2026-11-22 15:00 UTC);
    const DEFAULT: &str = "spiffe://cluster.local/ns/default/sa/default";
    const DAY: Duration = Duration::from_secs(24 * 3600);

    /// A directory with the bundle `x.tgz` of the default identity, of a leaf that lives a day and
    /// was made so long ago.
    struct Disk(TempDir);

    impl Disk {
        fn with_bundle(ago: Duration) -> Self {
            let made = NOW - ago;
            let organization = "mesh".parse().unwrap();
            let (ttl, key) = (10 * DAY, KeyKind::P256);
            let profile = AuthorityProfile { organization: &organization, ttl, key, path_len: 0 };
            let root = Authority::root(&profile, made).unwrap();
            let leaf =
                LeafProfile { identity: &identity(), organization: None, task: None, ttl: DAY };
            let (bundle, _) = Bundle::issue(&root, root.roots(), &leaf, key, made).unwrap();
            Self::with_file("x.tgz", &write_archive(&bundle, made))
        }

        fn with_file(name: &str, content: &[u8]) -> Self {
            let disk = Self(TempDir::new().unwrap());
            fs::write(disk.path(name), content).unwrap();
            disk
        }

        fn path(&self, name: &str) -> Utf8PathBuf {
            Utf8PathBuf::from_path_buf(self.0.path().join(name)).unwrap()
        }

        /// What is found where a pod of the default identity fetches this, without the path.
        fn fetched(&self, name: &str, soon: Soon) -> Vec<String> {
            let injector = injector();
            let mut bundles = Bundles::new(&injector, None, soon, NOW).unwrap();
            let found = bundles.findings(&identity(), &format!("file://{}", self.path(name)));
            self.said(&found)
        }

        fn said(&self, found: &[Diagnostic]) -> Vec<String> {
            let said = found.iter().map(|it| format!("{} {}", it.rule.unwrap(), it.message));
            said.map(|said| said.replace(self.path("").as_str(), "")).collect()
        }
    }

    fn injector() -> Injector {
        Injector::new(Settings::default(), Vec::new())
    }

    fn identity() -> SpiffeId {
        DEFAULT.parse().unwrap()
    }

    #[test]
    fn a_bundle_with_most_of_its_life_before_it_is_fine() {
        assert!(Disk::with_bundle(DAY / 2).fetched("x.tgz", Soon::ThirdOfLife).is_empty());
    }

    #[test]
    fn a_bundle_with_less_than_a_third_of_its_life_left_ends_soon() {
        let said = Disk::with_bundle(DAY * 3 / 4).fetched("x.tgz", Soon::ThirdOfLife);
        let expected = "I22 x.tgz: the certificate ends at 2026-11-22T21:00:00Z (6h 0m left), \
                        less than a third of its life";
        assert_eq!(said, [expected]);
    }

    #[test]
    fn what_soon_is_can_be_said() {
        let disk = Disk::with_bundle(DAY / 2);
        assert!(disk.fetched("x.tgz", Soon::Within(DAY / 2)).is_empty());
        let said = disk.fetched("x.tgz", Soon::Within(DAY));
        let expected = "I22 x.tgz: the certificate ends at 2026-11-23T03:00:00Z (12h 0m left), \
                        less than 1day";
        assert_eq!(said, [expected]);
    }

    #[test]
    fn a_bundle_that_has_ended_is_an_error() {
        let disk = Disk::with_bundle(2 * DAY);
        let (injector, path) = (injector(), disk.path("x.tgz"));
        let mut bundles = Bundles::new(&injector, Some(&path), Soon::ThirdOfLife, NOW).unwrap();
        let found = bundles.findings(&identity(), "");
        assert!(found.iter().all(|it| it.severity == Severity::Error));
        let words = "cert-chain.pem: a certificate of the chain has ended at 2026-11-21T15:00:00Z";
        assert_eq!(disk.said(&found), [format!("I22 x.tgz: {words}")]);
    }

    #[test]
    fn the_bundle_that_is_named_is_that_of_all_pods() {
        let disk = Disk::with_bundle(DAY / 2);
        let (injector, path) = (injector(), disk.path("x.tgz"));
        let mut bundles = Bundles::new(&injector, Some(&path), Soon::ThirdOfLife, NOW).unwrap();
        let other = "spiffe://cluster.local/ns/default/sa/other".parse().unwrap();
        let found = bundles.findings(&other, "https://ca.example/bundle.tgz");
        let words = format!("cert-chain.pem: the leaf is for {DEFAULT}, not for {other}");
        assert_eq!(disk.said(&found), [format!("I23 x.tgz: {words}")]);
        assert!(bundles.findings(&identity(), "https://ca.example/bundle.tgz").is_empty());
    }

    #[test]
    fn what_is_fetched_from_elsewhere_or_not_there_is_not_at_hand() {
        let disk = Disk::with_bundle(2 * DAY);
        let injector = injector();
        let mut bundles = Bundles::new(&injector, None, Soon::ThirdOfLife, NOW).unwrap();
        let path = disk.path("x.tgz");
        for uri in [format!("https://{path}"), format!("file://{path}.tgz"), "x.tgz".to_owned()] {
            assert!(bundles.findings(&identity(), &uri).is_empty(), "{uri}");
        }
        for uri in [path.to_string(), format!("file://{path}"), format!("file://localhost{path}")] {
            assert_eq!(bundles.findings(&identity(), &uri).len(), 1, "{uri}");
        }
    }

    #[test]
    fn what_is_no_bundle_is_broken() {
        let said = Disk::with_file("x.tgz", b"text").fetched("x.tgz", Soon::ThirdOfLife);
        assert_eq!(said, ["I23 x.tgz is no bundle"]);
        let said = Disk::with_file("x.tgz", b"\x1f\x8b\x08").fetched("x.tgz", Soon::ThirdOfLife);
        assert!(said[0].starts_with("I23 x.tgz is no gzipped tar archive"), "{said:?}");
        let huge = Disk::with_file("x.tgz", &vec![0; 2 << 20]);
        let said = huge.fetched("x.tgz", Soon::ThirdOfLife);
        assert!(said[0].starts_with("I23 x.tgz is larger than 1048576 bytes"), "{said:?}");
    }

    #[test]
    fn a_bundle_that_is_named_and_not_there_ends_the_run() {
        let injector = injector();
        let path = Some(Utf8Path::new("/no/such.tgz"));
        let missing = Bundles::new(&injector, path, Soon::ThirdOfLife, NOW);
        assert!(missing.err().unwrap().to_string().contains("/no/such.tgz: "));
    }
}

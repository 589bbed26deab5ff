//! The certificates: a volume that our containers share, and the bundle that the Mesos fetcher
//! brings into `istio-init`'s sandbox.

use super::addition::{Artifact, Volume, VolumeMount};
use crate::settings::Settings;

/// The shared volume.
pub(super) const VOLUME: &str = "istio-certs";

/// Where it is mounted: pilot-agent and Pilot know no other place (Istio 1.0.5
/// pilot/pkg/model/context.go).
pub(super) const MOUNT_PATH: &str = "/etc/certs";

/// The archives that the Mesos fetcher extracts, by the ending of the file's name (Mesos
/// src/launcher/fetcher.cpp), each with the name that the fetched bundle gets.
const ARCHIVES: [(&str, &str); 8] = [
    (".tgz", "bundle-certs.tgz"),
    (".tar.gz", "bundle-certs.tar.gz"),
    (".tar", "bundle-certs.tar"),
    (".tbz2", "bundle-certs.tbz2"),
    (".tar.bz2", "bundle-certs.tar.bz2"),
    (".txz", "bundle-certs.txz"),
    (".tar.xz", "bundle-certs.tar.xz"),
    (".zip", "bundle-certs.zip"),
];

pub(super) fn volume() -> Volume {
    Volume { name: VOLUME }
}

/// The mount of the container that writes the certificates.
pub(super) fn writable_mount() -> VolumeMount {
    VolumeMount { name: VOLUME, mount_path: MOUNT_PATH, read_only: None }
}

/// The mount of the container that reads them.
pub(super) fn read_only_mount() -> VolumeMount {
    VolumeMount { read_only: Some(true), ..writable_mount() }
}

/// The bundle as an artifact. Its file gets a name of our own: without `destPath` the fetcher
/// would take the URI's last part, query string included, and then not know it for an archive.
/// It is never cached, for the cache of the fetcher never asks again.
pub(super) fn bundle(settings: &Settings) -> Artifact {
    Artifact {
        uri: settings.bundle_uri.of(&settings.identity()),
        dest_path: file_name(settings),
        extract: Some(true),
        executable: None,
    }
}

/// The name of the fetched archive in the sandbox.
pub(super) fn file_name(settings: &Settings) -> &'static str {
    let uri = settings.bundle_uri.as_str();
    let path = uri.split(['?', '#']).next().unwrap_or(uri);
    let archive = ARCHIVES.iter().find(|(ending, _)| path.ends_with(ending));
    archive.map_or(ARCHIVES[0].1, |(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Key;

    fn with_uri(uri: &str) -> Settings {
        let mut settings = Settings::default();
        settings.set(Key::BundleUri, uri).unwrap();
        settings
    }

    #[test]
    fn the_fetched_file_keeps_the_ending_that_makes_it_an_archive() {
        assert_eq!(file_name(&with_uri("https://ca/b.tar.gz?sig=a.b")), "bundle-certs.tar.gz");
        assert_eq!(file_name(&with_uri("https://ca/bundle")), "bundle-certs.tgz");
    }

    #[test]
    fn the_uri_can_name_the_identity() {
        let mut settings = with_uri("https://ca/{trust-domain}/{namespace}/{service-account}.tgz");
        settings.set(Key::ServiceAccount, "bookinfo").unwrap();
        assert_eq!(bundle(&settings).uri, "https://ca/cluster.local/default/bookinfo.tgz");
    }
}

//! Certificate bundles of a CA of the test's own, good and bad, over HTTP.
#![allow(dead_code, reason = "the tests and the example each take what they need")]

mod shelf;

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use marathon_inject::bundle::{read_archive, write_archive};
use marathon_inject::identity::x509::{self, AuthorityFiles, Bundle, Certificate, LeafProfile};
use marathon_inject::identity::{ServiceAccount, SpiffeId, TrustDomain};
use tempfile::TempDir;
use time::OffsetDateTime;

use crate::parts;

pub(crate) use shelf::Shelf;

#[cfg(test)]
pub(crate) fn tests() -> Vec<crate::Test> {
    [tests::tests(), shelf::tests()].concat()
}

/// A CA that `citadel` keeps, in a directory that is gone with it.
pub(crate) struct Authority {
    dir: TempDir,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let authority = Self { dir: tempfile::tempdir().unwrap() };
        authority.citadel(&["init"]);
        authority
    }

    /// A file beside the CA's directory, which is `ca`.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// The SHA-256 of its root, by which agents know it.
    pub(crate) fn root_sha256(&self) -> String {
        self.read().roots()[0].facts().sha256.clone()
    }

    /// Runs `citadel` on this CA.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let citadel = parts::citadel().expect("this takes the feature citadel");
        let mut command = Command::new(citadel);
        command.args(arguments).env("CITADEL_DIR", self.dir.path().join("ca"));
        command.current_dir(self.dir.path());
        command
    }

    /// Runs `citadel` on this CA, which must succeed.
    pub(crate) fn citadel(&self, arguments: &[&str]) {
        let output = self.command(arguments).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "citadel {arguments:?}: {said}");
    }

    /// The archive that `citadel bundle` makes with these flags, as `--identity`.
    pub(crate) fn bundle(&self, flags: &[&str]) -> Vec<u8> {
        self.citadel(&[&["bundle", "-o", "bundle-certs.tgz"], flags].concat());
        fs::read(self.dir.path().join("bundle-certs.tgz")).unwrap()
    }

    /// The archive of a bundle that this CA has signed, but whose certificate has ended: it lived
    /// a minute, from where the CA's own begins, which lies further back than that.
    pub(crate) fn expired(&self) -> Vec<u8> {
        const TTL: Duration = Duration::from_secs(60);
        assert!(TTL < x509::BACKDATE);
        let authority = self.read();
        let then = authority.certificate().facts().not_before;
        let identity = SpiffeId::new(TrustDomain::default(), ServiceAccount::default());
        let profile = LeafProfile { identity: &identity, organization: None, task: None, ttl: TTL };
        let kind = x509::KeyKind::P256;
        let issued = Bundle::issue(&authority, authority.roots(), &profile, kind, then);
        write_archive(&issued.unwrap().0, then).to_vec()
    }

    /// This CA, from its files.
    fn read(&self) -> x509::Authority {
        let entries = fs::read_dir(self.dir.path().join("ca")).unwrap();
        let mut dirs = entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_dir());
        let dir = dirs.next().unwrap();
        assert_eq!(dirs.next(), None, "of a CA between two roots it is not said which is meant");
        let file = |name: &str| fs::read(dir.join(name)).unwrap();
        let files = AuthorityFiles {
            key: &file("ca-key.pem"),
            certificate: &file("ca-cert.pem"),
            chain: &file("cert-chain.pem"),
            roots: &file("root-cert.pem"),
        };
        x509::Authority::from_pem(&files, OffsetDateTime::now_utc()).unwrap()
    }
}

/// Writes the files of an archive to a directory.
pub(crate) fn unpack(archive: &[u8], directory: &Path) {
    for (name, content, _) in read_archive(archive).unwrap().files() {
        fs::write(directory.join(name), content).unwrap();
    }
}

/// The archive without one of its files, as `key.pem`.
pub(crate) fn without(archive: &[u8], name: &str) -> Vec<u8> {
    repacked(archive, |file, content| (file != name).then_some(content))
}

/// The archive with nothing in one of its files.
pub(crate) fn with_empty(archive: &[u8], name: &str) -> Vec<u8> {
    with(archive, name, b"")
}

/// The archive with something else in one of its files.
pub(crate) fn with(archive: &[u8], name: &str, content: &[u8]) -> Vec<u8> {
    repacked(archive, |file, own| Some(if file == name { content.to_vec() } else { own }))
}

/// The archive as a connection leaves it that breaks half-way.
pub(crate) fn truncated(archive: &[u8]) -> Vec<u8> {
    archive[..archive.len() / 2].to_vec()
}

fn repacked(archive: &[u8], change: impl Fn(&str, Vec<u8>) -> Option<Vec<u8>>) -> Vec<u8> {
    let mut changed = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for entry in tar::Archive::new(GzDecoder::new(archive)).entries().unwrap() {
        let mut entry = entry.unwrap();
        let path = entry.path().unwrap().into_owned();
        let mut content = Vec::new();
        entry.read_to_end(&mut content).unwrap();
        let name = path.file_name().unwrap().to_str().unwrap();
        if let Some(content) = change(name, content) {
            let mut header = entry.header().clone();
            header.set_size(content.len() as u64);
            changed.append_data(&mut header, &path, &content[..]).unwrap();
        }
    }
    changed.into_inner().unwrap().finish().unwrap()
}

/// The serial number of the workload's certificate, as Envoy's `/certs` prints it.
pub(crate) fn serial(archive: &[u8]) -> String {
    let bundle = read_archive(archive).unwrap();
    let chain = Certificate::all_from_pem(&bundle.cert_chain).unwrap();
    chain[0].facts().serial.clone()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// What `citadel verify` says against a bundle, if it does.
    fn refusal(authority: &Authority, archive: &[u8]) -> Option<String> {
        let file = authority.dir.path().join("to-verify.tgz");
        fs::write(&file, archive).unwrap();
        let output = authority.command(&["verify", "to-verify.tgz"]).output().unwrap();
        let said = [output.stdout, output.stderr].concat();
        (!output.status.success()).then(|| String::from_utf8(said).unwrap())
    }

    fn the_authoritys_bundle_is_good_and_no_two_are_alike() {
        let authority = Authority::new();
        let (one, other) = (authority.bundle(&[]), authority.bundle(&[]));
        assert_eq!(refusal(&authority, &one), None);
        assert_ne!(serial(&one), serial(&other));
    }

    fn a_bundle_is_for_whom_the_flags_say() {
        let identity = "spiffe://cluster.local/ns/other/sa/sleep";
        let archive = Authority::new().bundle(&["--identity", identity]);
        let bundle = read_archive(&archive).unwrap();
        let leaf = &Certificate::all_from_pem(&bundle.cert_chain).unwrap()[0];
        assert_eq!(leaf.identity().unwrap().to_string(), identity);
    }

    fn an_expired_bundle_is_of_the_same_authority_and_only_too_old() {
        let authority = Authority::new();
        let (expired, good) = (authority.expired(), authority.bundle(&[]));
        let roots = |archive| read_archive(archive).unwrap().root_cert;
        assert_eq!(roots(&expired), roots(&good));
        let said = refusal(&authority, &expired).unwrap();
        let faults: Vec<_> = said.lines().skip(1).collect();
        assert_eq!(faults.len(), 1, "{said}");
        assert!(
            faults[0].contains("cert-chain.pem: a certificate of the chain has ended"),
            "{said}"
        );
    }

    fn broken_bundles_are_broken_as_they_say() {
        let good = Authority::new().bundle(&[]);
        let broken = |archive: Vec<u8>| read_archive(&archive).unwrap_err().to_string();
        assert_eq!(broken(without(&good, "key.pem")), "holds no certs/key.pem");
        assert!(broken(truncated(&good)).starts_with("is no gzipped tar archive"));
        let emptied = read_archive(&with_empty(&good, "key.pem")).unwrap();
        assert!(emptied.key.is_empty());
        assert_eq!(emptied.cert_chain, read_archive(&good).unwrap().cert_chain);
    }

    fn the_serial_number_is_as_envoy_prints_it() {
        const SCRIPT: &str = r#"
            ip link set lo up
            "$1" -c "$0/envoy.json" --disable-hot-restart -l error >&2 &
            curl -s --retry 60 --retry-delay 1 --retry-connrefused http://127.0.0.1:15000/certs"#;
        let archive = Authority::new().bundle(&[]);
        let dir = tempfile::tempdir().unwrap();
        unpack(&archive, dir.path());
        fs::write(dir.path().join("envoy.json"), with_certificates_of(dir.path())).unwrap();

        let mut command = parts::isolated(SCRIPT);
        let output = command.arg(dir.path()).arg(parts::envoy()).output().unwrap();
        let log = String::from_utf8_lossy(&output.stderr);
        let certs: Value =
            serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {log}"));
        let leaf = &certs["certificates"][0]["cert_chain"][0];
        assert_eq!(leaf["serial_number"], serial(&archive), "{certs}");
    }

    /// An Envoy that has read the files of a directory.
    fn with_certificates_of(dir: &Path) -> String {
        let file = |name| json!({ "filename": dir.join(name) });
        let tls = json!({
            "@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext",
            "common_tls_context": { "tls_certificates": [{
                "certificate_chain": file(x509::CERT_CHAIN),
                "private_key": file(x509::KEY),
            }]},
        });
        let cluster = json!({
            "name": "peers",
            "transport_socket": { "name": "tls", "typed_config": tls },
        });
        let admin = json!({ "address": "127.0.0.1", "port_value": 15000 });
        json!({
            "admin": { "address": { "socket_address": admin } },
            "static_resources": { "clusters": [cluster] },
        })
        .to_string()
    }

    crate::tests! {
        the_authoritys_bundle_is_good_and_no_two_are_alike,
        a_bundle_is_for_whom_the_flags_say,
        an_expired_bundle_is_of_the_same_authority_and_only_too_old,
        broken_bundles_are_broken_as_they_say,
        the_serial_number_is_as_envoy_prints_it,
    }
}

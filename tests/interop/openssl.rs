//! OpenSSL, as peers in other languages and people at a terminal use it.

use std::io::{BufRead, BufReader, ErrorKind, Write};
use std::process::{Child, Command, Output, Stdio};

use marathon_inject::identity::x509::{
    Authority, Bundle, CERT_CHAIN, KEY, KeyKind, LeafProfile, ROOT_CERT, to_pem,
};
use tempfile::TempDir;
use time::OffsetDateTime;

use crate::{AUTHORITIES, HOUR, Signer, authority, bundle, identity};

const WORKLOAD: &str = "httpbin";
const INTERMEDIATES: &str = "intermediates.pem";

/// Whether there is an `openssl`; if not, that is said.
pub(crate) fn is_here() -> bool {
    match Command::new("openssl").arg("version").output() {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            // Not `eprintln!`: of a test that passes, the harness shows nothing of that.
            let mut out = std::io::stderr();
            writeln!(out, "skipped: openssl is not on PATH").unwrap();
            false
        }
        version => version.unwrap().status.success(),
    }
}

/// The files of a bundle, and the certificates between its leaf and its root.
pub(crate) struct Files {
    dir: TempDir,
}

impl Files {
    pub(crate) fn of(authority: &Authority, bundle: &Bundle) -> Self {
        let dir = TempDir::new().unwrap();
        for (name, content, _) in bundle.files() {
            std::fs::write(dir.path().join(name), content).unwrap();
        }
        let intermediates = to_pem(authority.intermediates());
        std::fs::write(dir.path().join(INTERMEDIATES), intermediates).unwrap();
        Self { dir }
    }

    fn new(key: KeyKind, signer: Signer) -> Self {
        let authority = authority(key, signer);
        Self::of(&authority, &bundle(&authority, key, WORKLOAD))
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new("openssl");
        command.args(args).current_dir(self.dir.path());
        command
    }

    fn run(&self, args: &[&str]) -> Output {
        self.command(args).stdin(Stdio::null()).output().unwrap()
    }

    /// What a command that succeeds writes.
    pub(crate) fn openssl(&self, args: &[&str]) -> String {
        let output = self.run(args);
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// Verifies the leaf; what OpenSSL says if it does not like it.
    pub(crate) fn verify(&self, args: &[&str]) -> Result<(), String> {
        let ours = ["verify", "-x509_strict", "-no-CApath", "-CAfile", ROOT_CERT];
        let output = self.run(&[&ours, args, &[CERT_CHAIN]].concat());
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        if output.status.success() { Ok(()) } else { Err(said) }
    }

    /// What the first certificate of a file says of itself.
    fn text(&self, file: &str) -> Text {
        Text(self.openssl(&["x509", "-in", file, "-noout", "-text"]))
    }

    fn subject(&self, file: &str) -> String {
        let subject =
            self.openssl(&["x509", "-in", file, "-noout", "-subject", "-nameopt", "RFC2253"]);
        subject.trim_end().strip_prefix("subject=").unwrap().to_owned()
    }
}

/// A certificate in OpenSSL's words.
struct Text(String);

impl Text {
    /// An extension: `critical` or nothing, and its value. `None` if the certificate has none such.
    fn extension(&self, name: &str) -> Option<(&str, &str)> {
        let mut lines = self.0.lines().map(str::trim);
        let (_, critical) =
            lines.find_map(|line| line.split_once(':').filter(|(found, _)| *found == name))?;
        // OpenSSL 1 writes `keyid:` before the id of a key.
        let value = lines.next().unwrap();
        Some((critical.trim(), value.strip_prefix("keyid:").unwrap_or(value)))
    }
}

#[test]
fn verifies_every_leaf_as_a_servers_and_as_a_clients() {
    if !is_here() {
        return;
    }
    for (key, signer) in AUTHORITIES {
        let files = Files::new(key, signer);
        for purpose in ["sslserver", "sslclient"] {
            let args = ["-purpose", purpose, "-untrusted", INTERMEDIATES];
            let args = if let Signer::Root = signer { &args[..2] } else { &args };
            assert_eq!(files.verify(args), Ok(()), "{key:?} {signer:?} {purpose}");
        }
    }
}

#[test]
fn refuses_a_leaf_without_its_intermediate() {
    if !is_here() {
        return;
    }
    let refused = Files::new(KeyKind::P256, Signer::Intermediate).verify(&[]).unwrap_err();
    assert!(refused.contains("unable to get local issuer certificate"), "{refused}");
}

#[test]
fn refuses_a_leaf_under_the_root_of_another_ca() {
    if !is_here() {
        return;
    }
    let ours = authority(KeyKind::P256, Signer::Root);
    let mut bundle = bundle(&ours, KeyKind::P256, WORKLOAD);
    bundle.root_cert = to_pem(authority(KeyKind::P256, Signer::Root).roots()).into_bytes();
    let refused = Files::of(&ours, &bundle).verify(&[]).unwrap_err();
    assert!(refused.contains("unable to get local issuer certificate"), "{refused}");
}

#[test]
fn reads_the_identity_as_a_critical_name_of_a_leaf_without_a_subject() {
    if !is_here() {
        return;
    }
    let files = Files::new(KeyKind::P256, Signer::Root);
    assert_eq!(files.subject(CERT_CHAIN), "");
    let uri = format!("URI:{}", identity(WORKLOAD));
    let name = files.text(CERT_CHAIN);
    let name = name.extension("X509v3 Subject Alternative Name");
    assert_eq!(name, Some(("critical", uri.as_str())));
}

#[test]
fn reads_the_identity_as_a_name_that_is_not_critical_beside_an_organisation() {
    if !is_here() {
        return;
    }
    let (authority, identity) = (authority(KeyKind::P256, Signer::Root), identity(WORKLOAD));
    let shop = "Shop".parse().unwrap();
    let profile =
        LeafProfile { identity: &identity, organization: Some(&shop), task: None, ttl: HOUR };
    let now = OffsetDateTime::now_utc();
    let issued = Bundle::issue(&authority, authority.roots(), &profile, KeyKind::P256, now);
    let files = Files::of(&authority, &issued.unwrap().0);
    assert_eq!(files.subject(CERT_CHAIN), "O=Shop");
    let uri = format!("URI:{identity}");
    let name = files.text(CERT_CHAIN);
    assert_eq!(name.extension("X509v3 Subject Alternative Name"), Some(("", uri.as_str())));
}

#[test]
fn reads_what_a_leaf_is_for() {
    if !is_here() {
        return;
    }
    let usages = [
        (KeyKind::P256, "Digital Signature"),
        (KeyKind::Rsa2048, "Digital Signature, Key Encipherment"),
    ];
    for (key, usage) in usages {
        let leaf = Files::new(key, Signer::Root).text(CERT_CHAIN);
        assert_eq!(leaf.extension("X509v3 Key Usage"), Some(("critical", usage)));
        let purposes = "TLS Web Server Authentication, TLS Web Client Authentication";
        assert_eq!(leaf.extension("X509v3 Extended Key Usage"), Some(("", purposes)));
        assert_eq!(leaf.extension("X509v3 Basic Constraints"), Some(("critical", "CA:FALSE")));
    }
}

#[test]
fn reads_what_a_root_may_do() {
    if !is_here() {
        return;
    }
    let root = Files::new(KeyKind::P256, Signer::Root).text(ROOT_CERT);
    let constraints = root.extension("X509v3 Basic Constraints");
    assert_eq!(constraints, Some(("critical", "CA:TRUE, pathlen:0")));
    let usage = root.extension("X509v3 Key Usage");
    assert_eq!(usage, Some(("critical", "Certificate Sign, CRL Sign")));
}

#[test]
fn finds_the_roots_key_named_as_the_one_that_signed_the_leaf() {
    if !is_here() {
        return;
    }
    let files = Files::new(KeyKind::P256, Signer::Root);
    let (leaf, root) = (files.text(CERT_CHAIN), files.text(ROOT_CERT));
    let signer = leaf.extension("X509v3 Authority Key Identifier");
    assert!(signer.is_some());
    assert_eq!(signer, root.extension("X509v3 Subject Key Identifier"));
}

#[test]
fn tells_two_roots_of_one_organisation_apart_by_their_names() {
    if !is_here() {
        return;
    }
    let name = || Files::new(KeyKind::P256, Signer::Root).subject(ROOT_CERT);
    let (one, other) = (name(), name());
    for name in [&one, &other] {
        let number = name.strip_suffix(",O=mesh").and_then(|it| it.strip_prefix("serialNumber="));
        assert_eq!(number.map(str::len), Some(32), "{name}");
    }
    assert_ne!(one, other);
}

#[test]
fn reads_serial_numbers_of_128_bits() {
    if !is_here() {
        return;
    }
    let files = Files::new(KeyKind::P256, Signer::Root);
    let serial = |file| files.openssl(&["x509", "-in", file, "-noout", "-serial"]);
    for serial in [serial(CERT_CHAIN), serial(ROOT_CERT)] {
        let digits = serial.trim_end().strip_prefix("serial=").unwrap();
        assert_eq!(digits.len(), 128 / 4, "{serial}");
    }
    assert_ne!(serial(CERT_CHAIN), serial(ROOT_CERT));
}

#[test]
fn takes_a_leaf_though_its_clock_is_a_minute_late_but_no_earlier() {
    if !is_here() {
        return;
    }
    let now = OffsetDateTime::now_utc().unix_timestamp();
    let files = Files::new(KeyKind::P256, Signer::Root);
    let at = |moment: i64| files.verify(&["-attime", &moment.to_string()]);
    assert_eq!(at(now - 60), Ok(()));
    let refused = at(now - 180).unwrap_err();
    assert!(refused.contains("certificate is not yet valid"), "{refused}");
}

#[test]
fn finds_the_key_good_and_the_leafs_own() {
    if !is_here() {
        return;
    }
    for key in [KeyKind::P256, KeyKind::Rsa2048] {
        let files = Files::new(key, Signer::Root);
        files.openssl(&["pkey", "-in", KEY, "-check", "-noout"]);
        let of_the_key = files.openssl(&["pkey", "-in", KEY, "-pubout"]);
        let of_the_leaf = files.openssl(&["x509", "-in", CERT_CHAIN, "-noout", "-pubkey"]);
        assert_eq!(of_the_key, of_the_leaf, "{key:?}");
    }
}

/// `openssl s_server`, which demands a certificate and says each line backwards.
struct Server {
    process: Child,
    address: String,
}

impl Server {
    fn start(files: &Files, version: &str) -> Self {
        let mut process = files
            .command(&["s_server", "-accept", "127.0.0.1:0", "-naccept", "1", "-rev", version])
            .args(["-Verify", "1", "-verify_return_error"])
            .args(OWN)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let mut lines = lines.map_while(Result::ok);
        let address = lines.find_map(|line| line.strip_prefix("ACCEPT ").map(str::to_owned));
        // A pipe that is read by nobody would end it.
        std::thread::spawn(move || lines.for_each(drop));
        Self { process, address: address.expect("s_server says where it listens") }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// How both ends show their own certificates and whom they trust.
const OWN: [&str; 8] =
    ["-cert", CERT_CHAIN, "-cert_chain", CERT_CHAIN, "-key", KEY, "-CAfile", ROOT_CERT];

/// What a client hears who says `hello`.
fn heard(files: &Files, server: &Server, own: &[&str]) -> String {
    let mut client = files
        .command(&["s_client", "-quiet", "-verify_return_error", "-connect", &server.address])
        .args(own)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // A server that refuses closes before it has read this.
    let _ = client.stdin.take().unwrap().write_all(b"hello\nCLOSE\n");
    String::from_utf8(client.wait_with_output().unwrap().stdout).unwrap()
}

#[test]
fn speaks_mutual_tls_with_bundles() {
    if !is_here() {
        return;
    }
    for (key, signer) in AUTHORITIES {
        let files = Files::new(key, signer);
        for version in ["-tls1_2", "-tls1_3"] {
            let server = Server::start(&files, version);
            assert_eq!(heard(&files, &server, &OWN), "olleh\n", "{key:?} {signer:?} {version}");
        }
    }
}

#[test]
fn lets_in_no_client_without_a_certificate() {
    if !is_here() {
        return;
    }
    let files = Files::new(KeyKind::P256, Signer::Root);
    for version in ["-tls1_2", "-tls1_3"] {
        let server = Server::start(&files, version);
        assert_eq!(heard(&files, &server, &["-CAfile", ROOT_CERT]), "", "{version}");
    }
}

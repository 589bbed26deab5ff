//! Requests for certificates, as OpenSSL makes and reads them, and the certificates of tasks.

use std::fs;
use std::process::{Command, Output};

use marathon_inject::identity::Task;
use marathon_inject::identity::x509::{
    Bundle, CERT_CHAIN, Certificate, KeyError, KeyKind, LeafProfile, PrivateKey, RequestError,
    SigningRequest,
};
use tempfile::TempDir;
use time::OffsetDateTime;

use crate::openssl::{Files, is_here};
use crate::{HOUR, Signer, authority, identity};

const CART: &str = "subjectAltName=URI:spiffe://cluster.local/ns/default/sa/cart";

/// A directory to make keys and requests in.
struct Desk(TempDir);

impl Desk {
    fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    fn run(&self, args: &[&str]) -> Output {
        Command::new("openssl").args(args).current_dir(self.0.path()).output().unwrap()
    }

    fn openssl(&self, args: &[&str]) -> Vec<u8> {
        let output = self.run(args);
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    }

    /// A request with a key that `genpkey` makes of these arguments.
    fn request(&self, key: &[&str], more: &[&str]) -> Result<SigningRequest, RequestError> {
        self.openssl(&[&["genpkey", "-out", "key.pem"], key].concat());
        let request = ["req", "-new", "-key", "key.pem", "-subj", "/O=anybody", "-out", "csr.pem"];
        self.openssl(&[&request[..], more].concat());
        SigningRequest::from_pem(&fs::read(self.0.path().join("csr.pem")).unwrap())
    }
}

const P256: [&str; 4] = ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"];
const P384: [&str; 4] = ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"];
const P521: [&str; 4] = ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-521"];
const RSA_2048: [&str; 4] = ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"];
const RSA_1024: [&str; 4] = ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024"];
const ED25519: [&str; 2] = ["-algorithm", "ED25519"];

#[test]
fn requests_of_openssl_are_understood_for_every_kind_of_key_that_is_used() {
    if !is_here() {
        return;
    }
    for key in [P256, P384, RSA_2048] {
        let request = Desk::new().request(&key, &["-addext", CART]).unwrap();
        assert_eq!(request.identity(), Some(&identity("cart")), "{key:?}");
        assert_eq!(Desk::new().request(&key, &[]).unwrap().identity(), None, "{key:?}");
    }
}

#[test]
fn requests_of_openssl_with_weak_or_unknown_keys_are_refused() {
    if !is_here() {
        return;
    }
    let refused = |key: &[&str]| Desk::new().request(key, &["-addext", CART]).unwrap_err();
    assert_eq!(refused(&RSA_1024), RequestError::Key(KeyError::TooShort(1024)));
    for key in [&P521[..], &ED25519] {
        assert_eq!(refused(key), RequestError::Key(KeyError::Unsupported), "{key:?}");
    }
}

#[test]
fn requests_of_openssl_for_more_than_a_workload_gets_are_refused() {
    if !is_here() {
        return;
    }
    let refused = |asked: &str| Desk::new().request(&P256, &["-addext", asked]).unwrap_err();
    assert_eq!(refused("basicConstraints=critical,CA:TRUE"), RequestError::AsksForCa);
    assert_eq!(refused("keyUsage=keyCertSign"), RequestError::AsksForCa);
    for names in ["DNS:*.cluster.local", &format!("{},DNS:a", &CART["subjectAltName=".len()..])] {
        let refused = refused(&format!("subjectAltName={names}"));
        assert!(matches!(refused, RequestError::AsksForNames(_)), "{refused}");
    }
    let constraints = refused("nameConstraints=permitted;DNS:a");
    assert!(matches!(constraints, RequestError::AsksForExtension(_)), "{constraints}");
}

#[test]
fn openssl_finds_our_requests_good() {
    if !is_here() {
        return;
    }
    let desk = Desk::new();
    for kind in [KeyKind::P256, KeyKind::Rsa2048] {
        let key = PrivateKey::generate(kind).unwrap();
        let request = key.request(Some(&identity("cart"))).unwrap();
        fs::write(desk.0.path().join("csr.pem"), request).unwrap();
        let text = desk.openssl(&["req", "-in", "csr.pem", "-verify", "-noout", "-text"]);
        let text = String::from_utf8(text).unwrap();
        let uri = format!("URI:{}", identity("cart"));
        assert!(text.contains(&uri) && !text.contains("CN"), "{text}");
    }
}

#[test]
fn openssl_verifies_the_certificate_of_a_task() {
    if !is_here() {
        return;
    }
    let (authority, identity) = (authority(KeyKind::P256, Signer::Root), identity("cart"));
    let task = Task::new("/shop/cart", "shop_cart.instance-1.istio-agent.1").unwrap();
    let profile =
        LeafProfile { identity: &identity, organization: None, task: Some(&task), ttl: HOUR };
    let now = OffsetDateTime::now_utc();
    let issued = Bundle::issue(&authority, authority.roots(), &profile, KeyKind::P256, now);
    let (bundle, leaf) = issued.unwrap();
    assert_eq!(leaf.task(), Some(task.clone()));
    let files = Files::of(&authority, &bundle);
    for purpose in ["sslserver", "sslclient"] {
        assert_eq!(files.verify(&["-purpose", purpose]), Ok(()));
    }
    let text = files.openssl(&["x509", "-in", CERT_CHAIN, "-noout", "-text"]);
    assert!(text.contains(&task.to_string()), "{text}");
    let chain = Certificate::all_from_pem(&bundle.cert_chain).unwrap();
    assert_eq!(chain[0].task(), Some(task));
}

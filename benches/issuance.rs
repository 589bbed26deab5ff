//! Certificates that one core issues, measured against the bare signatures of the same library that
//! it could make in that time: the rest is what encoding a certificate costs.
//!
//! After divan's table come the ratios, each from one run in this process: the two sides take
//! turns, and the best of each counts.

mod turns;

use std::hint::black_box;
use std::time::Duration;

use divan::Bencher;
use marathon_inject::identity::x509::{
    Authority, AuthorityProfile, Bundle, Certificate, KeyKind, LeafProfile, PrivateKey, PublicKey,
};
use marathon_inject::identity::{ServiceAccount, SpiffeId, TrustDomain};
use rcgen::SigningKey;
use time::OffsetDateTime;
use turns::{best_of, report};

const DAY: Duration = Duration::from_secs(24 * 3600);

/// What of a leaf is signed is about as long.
const SIGNED_BYTES: usize = 400;

const KEYS: [KeyKind; 2] = [KeyKind::P256, KeyKind::Rsa2048];

fn main() {
    divan::main();
    ratios();
}

/// An authority, and a workload that asks it for a certificate.
struct Desk {
    authority: Authority,
    identity: SpiffeId,
    public_key: PublicKey,
    now: OffsetDateTime,
}

impl Desk {
    fn new(key: KeyKind) -> Self {
        let now = OffsetDateTime::now_utc();
        let mesh = "mesh".parse().expect("an organisation");
        let profile = AuthorityProfile { organization: &mesh, ttl: 365 * DAY, key, path_len: 0 };
        Self {
            authority: Authority::root(&profile, now).expect("a root can be made"),
            identity: SpiffeId::new(TrustDomain::default(), ServiceAccount::default()),
            public_key: PrivateKey::generate(KeyKind::P256).expect("a key").public_key(),
            now,
        }
    }

    fn profile(&self) -> LeafProfile<'_> {
        LeafProfile { identity: &self.identity, organization: None, task: None, ttl: DAY }
    }

    /// What the signing service does for a request.
    fn sign(&self) -> Certificate {
        let signed = self.authority.sign(&self.profile(), black_box(&self.public_key), self.now);
        signed.expect("it signs")
    }

    /// The bare signature.
    fn sign_bytes(&self) -> Vec<u8> {
        self.authority.key().sign(black_box(&[0x5a; SIGNED_BYTES])).expect("it signs")
    }

    /// A whole bundle, its key included.
    fn issue(&self, key: KeyKind) -> Bundle {
        let (authority, roots) = (&self.authority, self.authority.roots());
        let issued = Bundle::issue(authority, roots, &self.profile(), key, self.now);
        issued.expect("it signs").0
    }
}

#[divan::bench(args = KEYS)]
fn sign_a_certificate(bencher: Bencher<'_, '_>, key: KeyKind) {
    let desk = Desk::new(key);
    bencher.bench_local(|| desk.sign());
}

#[divan::bench(args = KEYS)]
fn sign_as_many_bytes(bencher: Bencher<'_, '_>, key: KeyKind) {
    let desk = Desk::new(key);
    bencher.bench_local(|| desk.sign_bytes());
}

#[divan::bench(args = KEYS)]
fn issue_a_bundle(bencher: Bencher<'_, '_>, key: KeyKind) {
    let desk = Desk::new(key);
    bencher.bench_local(|| desk.issue(key));
}

fn ratios() {
    for (key, times, bar) in [(KeyKind::P256, 1000, 0.2), (KeyKind::Rsa2048, 50, 0.8)] {
        let desk = Desk::new(key);
        let (certificates, signatures) = best_of(
            20,
            || (0..times).for_each(|_| drop(black_box(desk.sign()))),
            || (0..times).for_each(|_| drop(black_box(desk.sign_bytes()))),
        );
        // Of rates: the more certificates in the time of a signature, the better.
        let what = format!("{key}, rate of certificates / of signatures");
        report(&what, signatures, certificates, format!("at least {bar}"));
    }
}

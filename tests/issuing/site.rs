//! A CA in a directory, a Marathon with a pod, and whoever asks for a certificate.

use std::sync::Arc;
use std::time::Duration;

use camino::Utf8PathBuf;
use futures_util::future::join_all;
use marathon_inject::citadel::attest::{
    Applicant, Attested, Attestor, Denied, Naming, Policy, Rules, SourceAddress,
};
use marathon_inject::citadel::{Ask, Citadel, Enrolments, OsDisk, Role, Signer};
use marathon_inject::identity::x509::{
    Authority, AuthorityProfile, Certificate, KeyKind, PrivateKey,
};
use marathon_inject::identity::{
    JoinKey, JoinToken, NONCE_LABEL, Nonce, SpiffeId, Task, TrustDomain,
};
use marathon_inject::marathon::{Client, Credentials, Limits, Security};
use serde_json::{Value, json};
use tempfile::TempDir;
use time::OffsetDateTime;
use tokio::runtime::Runtime;

use crate::marathon::Marathon;

pub(crate) const HOUR: Duration = Duration::from_secs(3600);
pub(crate) const WINDOW: Duration = Duration::from_secs(15 * 60);

/// The pod of the tests, and the address of its first instance.
pub(crate) const POD: &str = "/shop/cart";
pub(crate) const ADDRESS: &str = "9.0.0.3";

/// A directory with a CA in it.
pub(crate) struct Ca {
    pub(crate) path: Utf8PathBuf,
    _dir: TempDir,
}

impl Ca {
    pub(crate) fn new() -> Self {
        Self::of(&authority(KeyKind::P256), Role::Signing)
    }

    pub(crate) fn of(authority: &Authority, role: Role) -> Self {
        let dir = TempDir::new().unwrap();
        let path = Utf8PathBuf::try_from(dir.path().join("ca")).unwrap();
        let domain = TrustDomain::default();
        Citadel::create(&path, domain, role, authority, now(), &OsDisk).unwrap();
        Self { path, _dir: dir }
    }

    pub(crate) fn signer(&self) -> Signer {
        Signer::open(&self.path, Arc::new(OsDisk), now()).unwrap()
    }

    pub(crate) fn enrolments(&self) -> Arc<Enrolments> {
        Arc::new(Enrolments::open(&self.path, Arc::new(OsDisk), WINDOW, now()).unwrap())
    }

    /// A certificate, as one gets it who is attested.
    pub(crate) fn certificate(&self, identity: &str, task: Option<&Task>) -> Certificate {
        let (identity, key) = (identity.parse().unwrap(), key().public_key());
        let ask = Ask { identity: &identity, task, public_key: &key, ttl: HOUR };
        self.signer().sign(&ask, now()).unwrap().leaf
    }
}

/// A Marathon with a pod in it, and an attestor that asks it.
pub(crate) struct Site {
    pub(crate) marathon: Marathon,
    pub(crate) ca: Ca,
    pub(crate) nonce: Nonce,
    key: String,
    attestor: Attestor,
    runtime: Runtime,
}

impl Site {
    /// One whose pod runs.
    pub(crate) fn new() -> Self {
        Self::with(|_| {})
    }

    /// One with other rules.
    pub(crate) fn with(change: impl FnOnce(&mut Rules)) -> Self {
        let marathon = Marathon::builder().by_hand().start();
        let (ca, nonce) = (Ca::new(), Nonce::random().unwrap());
        let key = JoinKey::generate().unwrap().to_text().to_string();
        let attestor = attestor(&marathon, &ca, &key, change);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let site = Self { marathon, ca, nonce, key, attestor, runtime };
        site.marathon.put(POD, &pod(&site.nonce)).unwrap();
        site.marathon.tick(10);
        assert_eq!(site.marathon.instances(POD).len(), 1);
        site
    }

    /// The service is started anew, with the same directory.
    pub(crate) fn restart(self) -> Self {
        let Self { marathon, ca, nonce, key, attestor, runtime } = self;
        drop(attestor);
        let attestor = attestor_of(&marathon, &ca, &key);
        Self { marathon, ca, nonce, key, attestor, runtime }
    }

    pub(crate) fn key(&self) -> JoinKey {
        JoinKey::parse(&self.key).unwrap()
    }

    /// The id of the Mesos task of the container that joins.
    pub(crate) fn task_id(&self) -> String {
        format!("{}.istio-agent", self.marathon.instances(POD)[0])
    }

    pub(crate) fn task(&self) -> Task {
        Task::new(POD, &self.task_id()).unwrap()
    }

    /// The container that joins, with a key of its own.
    pub(crate) fn applicant(&self) -> Applicant {
        Applicant { task_id: Some(self.task_id()), ..applicant(self.key().token(POD, &self.nonce)) }
    }

    /// The same later, with the certificate that it got, and a new key.
    pub(crate) fn renewing(&self) -> Applicant {
        let certificate = self.ca.certificate(CART, Some(&self.task()));
        Applicant { certificate: Some(certificate), token: None, task_id: None, ..self.applicant() }
    }

    pub(crate) fn attest(&self, applicant: &Applicant) -> Result<Attested, Denied> {
        self.attest_at(applicant, now())
    }

    pub(crate) fn attest_at(
        &self,
        applicant: &Applicant,
        now: OffsetDateTime,
    ) -> Result<Attested, Denied> {
        self.runtime.block_on(self.attestor.attest(applicant, now))
    }

    /// All at once.
    pub(crate) fn attest_all(&self, applicants: &[Applicant]) -> Vec<Result<Attested, Denied>> {
        let attest = |applicant| self.attestor.attest(applicant, now());
        self.runtime.block_on(join_all(applicants.iter().map(attest)))
    }

    /// Attests, and records the enrolment.
    pub(crate) fn enrol(&self, applicant: &Applicant) -> Result<Attested, Denied> {
        self.enrol_all(std::slice::from_ref(applicant)).remove(0)
    }

    /// The same of all at once.
    pub(crate) fn enrol_all(&self, applicants: &[Applicant]) -> Vec<Result<Attested, Denied>> {
        let enrol = async |applicant| {
            let attested = self.attestor.attest(applicant, now()).await?;
            self.attestor.record(applicant, &attested, now()).await?;
            Ok(attested)
        };
        self.runtime.block_on(join_all(applicants.iter().map(enrol)))
    }

    /// How often Marathon was asked for paths that contain this.
    pub(crate) fn asked(&self, what: &str) -> usize {
        self.marathon.requests().iter().filter(|request| request.target.contains(what)).count()
    }

    pub(crate) fn reaches_marathon(&self) -> Option<bool> {
        self.attestor.reaches_marathon()
    }
}

/// The identity of the pod of the tests.
pub(crate) const CART: &str = "spiffe://cluster.local/ns/shop/sa/cart";

fn attestor_of(marathon: &Marathon, ca: &Ca, key: &str) -> Attestor {
    attestor(marathon, ca, key, |_| {})
}

fn attestor(marathon: &Marathon, ca: &Ca, key: &str, change: impl FnOnce(&mut Rules)) -> Attestor {
    let mut rules = Rules {
        keys: vec![JoinKey::parse(key).unwrap()],
        trust_domain: TrustDomain::default(),
        naming: Naming::PerPod,
        policy: Policy::default(),
        source: SourceAddress::Instance,
        window: WINDOW,
    };
    change(&mut rules);
    Attestor::marathon(client(marathon), rules, ca.enrolments())
}

fn client(marathon: &Marathon) -> Client {
    let (address, security) = (marathon.url().parse().unwrap(), Security::default());
    let limits = Limits {
        call: Duration::from_secs(5),
        patience: Duration::ZERO,
        first_contact: Duration::ZERO,
    };
    Client::new(address, &security, Credentials::default(), limits, Box::new(|_| ())).unwrap()
}

/// The pod, as it is submitted with a nonce.
pub(crate) fn pod(nonce: &Nonce) -> Value {
    let container = |name: &str| {
        json!({
            "name": name,
            "resources": {"cpus": 0.1, "mem": 32},
            "exec": {"command": {"shell": "sleep 1000"}},
        })
    };
    json!({
        "id": POD,
        "labels": {NONCE_LABEL: nonce.as_str()},
        "containers": [container("app"), container("istio-agent")],
        "networks": [{"mode": "container", "name": "dcos"}],
    })
}

/// Somebody with a token and a key of its own, at the address of the pod's first instance.
pub(crate) fn applicant(token: JoinToken) -> Applicant {
    Applicant {
        address: ADDRESS.parse().unwrap(),
        token: Some(token),
        task_id: None,
        certificate: None,
        key_sha256: key().public_key().sha256(),
    }
}

pub(crate) fn key() -> PrivateKey {
    PrivateKey::generate(KeyKind::P256).unwrap()
}

pub(crate) fn authority(key: KeyKind) -> Authority {
    let organization = "mesh".parse().unwrap();
    let ttl = 24 * 365 * HOUR;
    let profile = AuthorityProfile { organization: &organization, ttl, key, path_len: 0 };
    Authority::root(&profile, now()).unwrap()
}

pub(crate) fn identity(text: &str) -> SpiffeId {
    text.parse().unwrap()
}

/// Certificates know whole seconds only.
pub(crate) fn now() -> OffsetDateTime {
    OffsetDateTime::now_utc().truncate_to_second()
}

/// Holds that it was not permitted, and why.
#[track_caller]
pub(crate) fn forbidden(result: Result<Attested, Denied>, why: &str) {
    assert!(matches!(&result, Err(Denied::Forbidden(words)) if words.contains(why)), "{result:?}");
}

/// Holds that it was not authenticated, and why.
#[track_caller]
pub(crate) fn unauthenticated(result: Result<Attested, Denied>, why: &str) {
    assert!(
        matches!(&result, Err(Denied::Unauthenticated(words)) if words.contains(why)),
        "{result:?}"
    );
}

/// Holds that it could not be decided, and why.
#[track_caller]
pub(crate) fn undecided(result: Result<Attested, Denied>, why: &str) {
    assert!(matches!(&result, Err(Denied::Undecided(words)) if words.contains(why)), "{result:?}");
}

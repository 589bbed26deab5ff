//! Pods that are submitted to DC/OS, with what the DC/OS CLI knows of the cluster it is attached to.

use std::sync::LazyLock;

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{KeyPair, RsaKeyPair};
use pem_rfc7468::LineEnding;

use crate::marathon::{Access, DcOs, Marathon};
use crate::scratch::{Run, pod};
use crate::site::Site;

/// The password of `me`.
pub(crate) const PASSWORD: &str = "hunter2";

/// A service account's key pair, both halves in PEM; `bot` has it everywhere.
pub(crate) struct Account {
    pub(crate) public: String,
    pub(crate) private: String,
}

/// It takes a while to make one, so all tests share it.
pub(crate) static BOT: LazyLock<Account> = LazyLock::new(|| {
    let key = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
    let public: PublicKeyX509Der<'_> = key.public_key().as_der().unwrap();
    let private: Pkcs8V1Der<'_> = key.as_der().unwrap();
    Account {
        public: pem("PUBLIC KEY", public.as_ref()),
        private: pem("PRIVATE KEY", private.as_ref()),
    }
});

fn pem(label: &str, der: &[u8]) -> String {
    pem_rfc7468::encode_string(label, LineEnding::LF, der).unwrap()
}

/// The accounts of the cluster.
pub(crate) fn accounts() -> DcOs {
    DcOs::default().user("me", PASSWORD).service_account("bot", &BOT.public)
}

/// `/a`, and a cluster of DC/OS with these accounts.
pub(crate) fn dcos(accounts: DcOs) -> Site {
    at(Marathon::builder().access(Access::DcOs(accounts)).start())
}

/// `/a`, and this cluster.
pub(crate) fn at(marathon: Marathon) -> Site {
    Site::at(marathon).file("pod.json", &pod("/a"))
}

/// Attaches the DC/OS CLI to the cluster, with more lines for `[core]` and what comes after it.
pub(crate) fn attached(site: Site, more: &str) -> Site {
    let toml = format!("[core]\ndcos_url = \"{}\"\n{more}\n", site.marathon.dcos_url());
    site.file("dcos/clusters/one/dcos.toml", &toml).file("dcos/clusters/one/attached", "")
}

/// A submission to the cluster that the CLI is attached to.
pub(crate) fn submit(site: &Site, arguments: &[&str]) -> Run {
    known(site, site.submit_somewhere(&[arguments, &["pod.json"]].concat()))
}

/// A run that knows the cluster that the CLI is attached to.
pub(crate) fn known(site: &Site, run: Run) -> Run {
    run.env("DCOS_DIR", site.scratch.path("dcos").to_str().unwrap())
}

/// Whether nothing that was asked came with credentials.
pub(crate) fn is_unknown_to(marathon: &Marathon) -> bool {
    marathon.requests().iter().all(|request| !request.is_authorized)
}

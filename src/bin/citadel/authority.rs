//! An authority as the arguments describe it: made here, signed by an offline root, or somebody's
//! own.

use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use marathon_inject::citadel::{Access, CaError, Citadel, OsDisk, read, read_secret};
use marathon_inject::command_line::Failure;
use marathon_inject::identity::TrustDomain;
use marathon_inject::identity::x509::{Authority, AuthorityFile, AuthorityFiles, AuthorityProfile};
use time::OffsetDateTime;

use crate::args::{AuthorityArgs, FileArgs};
use crate::report::{Report, failure, until};

/// An authority that is wanted for a CA.
pub(crate) struct Wanted<'w> {
    pub(crate) args: &'w AuthorityArgs,
    /// The directory of the CA.
    pub(crate) dir: &'w Utf8Path,
    pub(crate) trust_domain: &'w TrustDomain,
    pub(crate) now: OffsetDateTime,
}

impl Wanted<'_> {
    /// Makes or reads it.
    pub(crate) fn authority(&self, report: &Report) -> Result<Authority, Failure> {
        match &self.args.files {
            Some(files) => from_files(files, self.now),
            None if self.args.intermediate => self.intermediate(report),
            None => self.root(0),
        }
    }

    fn profile(&self, ttl: Duration, path_len: u8) -> AuthorityProfile<'_> {
        let organization = self.args.org.as_deref().unwrap_or(self.trust_domain.as_str());
        AuthorityProfile { organization, ttl, key: self.args.key, path_len }
    }

    /// A root below which `path_len` intermediates may stand.
    fn root(&self, path_len: u8) -> Result<Authority, Failure> {
        let root = Authority::root(&self.profile(self.args.ttl, path_len), self.now);
        root.map_err(|error| failure(error.into()))
    }

    /// One that an offline root signs, which is made if there is none.
    fn intermediate(&self, report: &Report) -> Result<Authority, Failure> {
        let root_dir = self.args.root_dir.clone().unwrap_or_else(|| root_dir_of(self.dir));
        if same_place(&root_dir, self.dir) {
            let words = format!("{root_dir}: the offline root needs its own directory");
            return Err(Failure::input(words));
        }
        match Citadel::open(&root_dir, Access::Read, self.now) {
            Ok(offline) if offline.trust_domain() == self.trust_domain => {
                self.signed_by(offline.active().authority)
            }
            Ok(offline) => Err(Failure::input(format!(
                "{root_dir}: the root is that of the trust domain {}, not of {}",
                offline.trust_domain(),
                self.trust_domain
            ))),
            Err(CaError::Missing(_)) => {
                let root = self.root(1)?;
                let authority = self.signed_by(&root)?;
                Citadel::create(&root_dir, self.trust_domain.clone(), &root, &OsDisk)
                    .map_err(failure)?;
                let facts = root.certificate().facts();
                let (subject, until) = (&facts.subject, until(facts.not_after, self.now));
                report.done(&format!("{root_dir}: offline root {subject} made, valid {until}"));
                Ok(authority)
            }
            Err(error) => Err(failure(error)),
        }
    }

    fn signed_by(&self, root: &Authority) -> Result<Authority, Failure> {
        let profile = self.profile(self.args.intermediate_ttl, 0);
        root.intermediate(&profile, self.now).map_err(|error| failure(error.into()))
    }
}

/// Whether two paths are one, whether or not there is something.
fn same_place(one: &Utf8Path, other: &Utf8Path) -> bool {
    let place = |path: &Utf8Path| {
        path.canonicalize().or_else(|_| std::path::absolute(path)).unwrap_or_else(|_| path.into())
    };
    place(one) == place(other)
}

fn root_dir_of(dir: &Utf8Path) -> Utf8PathBuf {
    let name = dir.file_name().unwrap_or("ca");
    dir.with_file_name(format!("{name}-root"))
}

fn from_files(files: &FileArgs, now: OffsetDateTime) -> Result<Authority, Failure> {
    let key = read_secret(&files.signing_key).map_err(failure)?;
    let certificate = read(&files.signing_cert).map_err(failure)?;
    let roots = read(&files.root_cert).map_err(failure)?;
    let chain = files.cert_chain.as_deref().map(read).transpose().map_err(failure)?;
    let parts = AuthorityFiles {
        key: &key,
        certificate: &certificate,
        chain: chain.as_deref().map_or(&[], Vec::as_slice),
        roots: &roots,
    };
    Authority::from_pem(&parts, now).map_err(|error| {
        let blamed = match error.file() {
            Some(AuthorityFile::Key) => &files.signing_key,
            Some(AuthorityFile::Roots) => &files.root_cert,
            Some(AuthorityFile::Chain) => files.cert_chain.as_ref().unwrap_or(&files.signing_cert),
            Some(AuthorityFile::Certificate) | None => &files.signing_cert,
        };
        Failure::input(format!("{blamed}: {error}"))
    })
}

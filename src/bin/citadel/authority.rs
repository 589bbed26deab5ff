//! An authority as the arguments describe it: made here, signed by an offline root, or somebody's
//! own.

use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use marathon_inject::bundle::read;
use marathon_inject::citadel::{Access, CaError, Citadel, Disk, OsDisk, Role, read_secret};
use marathon_inject::command_line::Failure;
use marathon_inject::identity::TrustDomain;
use marathon_inject::identity::x509::{
    Authority, AuthorityFile, AuthorityFiles, AuthorityProfile, InvalidOrganization, Organization,
};
use time::OffsetDateTime;

use crate::args::{AuthorityArgs, FileArgs};
use crate::report::{Report, failure, until};

/// An authority that is wanted for a CA.
pub(crate) struct Wanted<'w> {
    pub(crate) args: &'w AuthorityArgs,
    /// The directory of the CA.
    pub(crate) dir: &'w Utf8Path,
    pub(crate) trust_domain: &'w TrustDomain,
    /// What to do where an offline root is wanted and there is none.
    pub(crate) missing_root: MissingRoot,
    pub(crate) now: OffsetDateTime,
}

/// What to do where an offline root is wanted and there is none.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum MissingRoot {
    /// A new one is made.
    Make,
    /// It is only away: a new one would be another root for the mesh.
    Refuse,
}

/// An authority that is there, for a CA that is not yet.
pub(crate) struct Ready {
    pub(crate) authority: Authority,
    pub(crate) offline_root: OfflineRoot,
}

/// What became of an offline root on the way.
#[derive(Default)]
pub(crate) struct OfflineRoot {
    /// What is to be told of it.
    words: Option<String>,
    /// Its directory, if it was made for this.
    made: Option<Utf8PathBuf>,
}

impl OfflineRoot {
    /// Ends the making of a CA: if nothing came of it, a root that was made for it goes too.
    pub(crate) fn end(&self, done: Result<(), CaError>, report: &Report) -> Result<(), Failure> {
        match done {
            Ok(()) => self.words.iter().for_each(|words| report.done(words)),
            Err(_) => {
                // The error is told; what cannot be removed is a root that nobody knows.
                let _ = self.made.as_ref().map(|made| OsDisk.remove(made));
            }
        }
        done.map_err(failure)
    }
}

impl From<Authority> for Ready {
    fn from(authority: Authority) -> Self {
        Self { authority, offline_root: OfflineRoot::default() }
    }
}

impl Wanted<'_> {
    /// Makes or reads it.
    pub(crate) fn ready(&self) -> Result<Ready, Failure> {
        match &self.args.files {
            Some(files) => from_files(files, self.now).map(Ready::from),
            None if self.args.intermediate => self.intermediate(),
            None => self.root(0).map(Ready::from),
        }
    }

    /// The organisation in its name, which is the trust domain if none is named.
    fn organization(&self) -> Result<Organization, Failure> {
        let default = || {
            self.trust_domain.as_str().parse().map_err(|error: InvalidOrganization| {
                let words = "cannot be the organisation in a certificate; name one with --org";
                Failure::input(format!("the trust domain {words}: {error}"))
            })
        };
        self.args.org.clone().map_or_else(default, Ok)
    }

    fn profile<'o>(
        &self,
        organization: &'o Organization,
        ttl: Duration,
        path_len: u8,
    ) -> AuthorityProfile<'o> {
        AuthorityProfile { organization, ttl, key: self.args.key, path_len }
    }

    /// A root below which `path_len` intermediates may stand.
    fn root(&self, path_len: u8) -> Result<Authority, Failure> {
        let organization = self.organization()?;
        let profile = self.profile(&organization, self.args.ttl, path_len);
        Authority::root(&profile, self.now).map_err(failure)
    }

    /// One that an offline root signs.
    fn intermediate(&self) -> Result<Ready, Failure> {
        let root_dir = match &self.args.root_dir {
            Some(root_dir) => root_dir.clone(),
            None => root_dir_of(self.dir)?,
        };
        let (root_place, place) = (place(&root_dir)?, place(self.dir)?);
        if root_place.starts_with(&place) || place.starts_with(&root_place) {
            let words = format!("{root_dir}: the offline root needs a directory of its own");
            return Err(Failure::input(words));
        }
        let explicit = self.args.root_dir.is_some();
        match Citadel::open(&root_dir, Access::Read, self.now) {
            Ok(offline) => self.below_offline_root(&root_dir, &offline),
            Err(CaError::Missing(_)) if explicit || self.missing_root == MissingRoot::Make => {
                self.below_new_root(root_dir)
            }
            Err(CaError::Missing(_)) => {
                Err(Failure::input(format!("{root_dir}: the offline root is not there"))
                    .hint("bring it back; or for another root of the mesh, name a new --root-dir"))
            }
            Err(error) => Err(failure(error)),
        }
    }

    fn below_offline_root(&self, root_dir: &Utf8Path, offline: &Citadel) -> Result<Ready, Failure> {
        if offline.trust_domain() != self.trust_domain {
            let (theirs, ours) = (offline.trust_domain(), self.trust_domain);
            let words = format!("{root_dir}: the root is that of {theirs}, not of {ours}");
            return Err(Failure::input(words));
        }
        let root = offline.active().authority;
        let subject = &root.certificate().facts().subject;
        let words = format!("{root_dir}: offline root {subject}, used as it is");
        let authority = self.signed_by(root)?;
        let offline_root = OfflineRoot { words: Some(words), made: None };
        Ok(Ready { authority, offline_root })
    }

    fn below_new_root(&self, root_dir: Utf8PathBuf) -> Result<Ready, Failure> {
        let root = self.root(1)?;
        let authority = self.signed_by(&root)?;
        let (trust_domain, role) = (self.trust_domain.clone(), Role::OfflineRoot);
        Citadel::create(&root_dir, trust_domain, role, &root, self.now, &OsDisk)
            .map_err(failure)?;
        let facts = root.certificate().facts();
        let (subject, until) = (&facts.subject, until(facts.not_after, self.now));
        let words = format!("{root_dir}: offline root {subject} made, valid {until}");
        let offline_root = OfflineRoot { words: Some(words), made: Some(root_dir) };
        Ok(Ready { authority, offline_root })
    }

    fn signed_by(&self, root: &Authority) -> Result<Authority, Failure> {
        let organization = self.organization()?;
        let profile = self.profile(&organization, self.args.intermediate_ttl, 0);
        root.intermediate(&profile, self.now).map_err(failure)
    }
}

/// Where a path leads, whether or not there is something yet.
fn place(path: &Utf8Path) -> Result<Utf8PathBuf, Failure> {
    let wrong = |error| Failure::at(path, &error);
    match (path.canonicalize_utf8(), path.parent(), path.file_name()) {
        (Ok(place), ..) => Ok(place),
        (Err(_), Some(parent), Some(name)) => {
            let parent = if parent.as_str().is_empty() { Utf8Path::new(".") } else { parent };
            Ok(parent.canonicalize_utf8().map_err(wrong)?.join(name))
        }
        (Err(error), ..) => Err(wrong(error)),
    }
}

/// Beside the CA's directory, under its name with `-root` behind.
fn root_dir_of(dir: &Utf8Path) -> Result<Utf8PathBuf, Failure> {
    // What is only a way to the directory has another name, or none.
    let dir = match dir.file_name() {
        Some(_) if !dir.is_symlink() => dir.to_owned(),
        _ => place(dir)?,
    };
    let name = dir.file_name().unwrap_or("ca");
    Ok(dir.with_file_name(format!("{name}-root")))
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

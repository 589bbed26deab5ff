//! An authority as the arguments describe it: made here, signed by an offline root, or somebody's
//! own.

use camino::{Utf8Path, Utf8PathBuf};
use marathon_inject::citadel::{Access, CaError, Citadel, OsDisk, read, read_secret};
use marathon_inject::command_line::Failure;
use marathon_inject::identity::TrustDomain;
use marathon_inject::identity::x509::{Authority, AuthorityFile, AuthorityFiles, AuthorityProfile};
use time::OffsetDateTime;

use crate::args::{AuthorityArgs, FileArgs};
use crate::report::{Report, failure, until};

/// The authority for the CA at `dir`.
pub(crate) fn authority(
    args: &AuthorityArgs,
    dir: &Utf8Path,
    trust_domain: &TrustDomain,
    report: &Report,
    now: OffsetDateTime,
) -> Result<Authority, Failure> {
    if let Some(files) = &args.files {
        return from_files(files, now);
    }
    if args.intermediate {
        return intermediate(args, dir, trust_domain, report, now);
    }
    root(args, trust_domain, 0, now)
}

/// A root below which `path_len` intermediates may stand.
fn root(
    args: &AuthorityArgs,
    trust_domain: &TrustDomain,
    path_len: u8,
    now: OffsetDateTime,
) -> Result<Authority, Failure> {
    let organization = args.org.as_deref().unwrap_or(trust_domain.as_str());
    let profile = AuthorityProfile { organization, ttl: args.ttl, key: args.key, path_len };
    Authority::root(&profile, now).map_err(|error| failure(error.into()))
}

fn intermediate(
    args: &AuthorityArgs,
    dir: &Utf8Path,
    trust_domain: &TrustDomain,
    report: &Report,
    now: OffsetDateTime,
) -> Result<Authority, Failure> {
    let root_dir = args.root_dir.clone().unwrap_or_else(|| root_dir_of(dir));
    if same_place(&root_dir, dir) {
        return Err(Failure::input(format!(
            "{root_dir}: the offline root needs its own directory"
        )));
    }
    let organization = args.org.as_deref().unwrap_or(trust_domain.as_str());
    let profile =
        AuthorityProfile { organization, ttl: args.intermediate_ttl, key: args.key, path_len: 0 };
    let sign =
        |root: &Authority| root.intermediate(&profile, now).map_err(|error| failure(error.into()));
    match Citadel::open(&root_dir, Access::Read, now) {
        Ok(offline) if offline.trust_domain() == trust_domain => sign(offline.active().authority),
        Ok(offline) => Err(Failure::input(format!(
            "{root_dir}: the root is that of the trust domain {}, not of {trust_domain}",
            offline.trust_domain()
        ))),
        Err(CaError::Missing(_)) => {
            let root = root(args, trust_domain, 1, now)?;
            let authority = sign(&root)?;
            Citadel::create(&root_dir, trust_domain.clone(), &root, &OsDisk).map_err(failure)?;
            let facts = root.certificate().facts();
            let (subject, until) = (&facts.subject, until(facts.not_after, now));
            report.done(&format!("{root_dir}: offline root {subject} made, valid {until}"));
            Ok(authority)
        }
        Err(error) => Err(failure(error)),
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

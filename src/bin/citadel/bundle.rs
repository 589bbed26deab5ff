//! `citadel bundle`.

use marathon_inject::bundle::write_archive;
use marathon_inject::citadel::{Access, BundleRequest, Citadel, OsDisk};
use marathon_inject::command_line::Failure;
use marathon_inject::identity::x509::{Bundle, Certificate};
use marathon_inject::identity::{ServiceAccount, SpiffeId, TrustDomain};
use marathon_inject::settings::Key;
use time::OffsetDateTime;
use zeroize::Zeroizing;

use crate::args::BundleArgs;
use crate::marathon;
use crate::release::{Staged, StagedDirectory, StagedFile, Target, refuse_within};
use crate::report::{Report, failure, until};

/// Makes one bundle, or those of all pods.
pub(crate) fn run(args: &BundleArgs, report: &Report, now: OffsetDateTime) -> Result<(), Failure> {
    let citadel = match args.marathon.as_slice() {
        [] => one(args, report, now)?,
        _ => marathon::run(args, report, now)?,
    };
    report.ending(citadel.active().authority, citadel.phase(), now);
    Ok(())
}

/// Opens the CA that the arguments name.
pub(crate) fn open(
    args: &BundleArgs,
    access: Access,
    now: OffsetDateTime,
) -> Result<Citadel, Failure> {
    Citadel::open(&args.ca.dir, access, now).map_err(failure)
}

fn one(args: &BundleArgs, report: &Report, now: OffsetDateTime) -> Result<Citadel, Failure> {
    let mut citadel = open(args, Access::Write, now)?;
    let target = Target::of(&args.output)?;
    target.place().map_or(Ok(()), |place| refuse_within(&args.ca.dir, &place))?;
    let identity = match &args.identity {
        Some(identity) => identity.clone(),
        None => named(args, citadel.trust_domain())?,
    };
    let (bundle, leaf) = issue(args, &citadel, &identity, now)?;
    let staged = match target {
        Target::Stdout => Staged::Stdout(archive(&bundle, &leaf)),
        Target::Archive(path) => Staged::File(StagedFile::new(&path, &archive(&bundle, &leaf))?),
        Target::Directory(path) => Staged::Directory(StagedDirectory::new(&path, &bundle)?),
    };
    citadel.promise(leaf.facts().not_after, &OsDisk).map_err(failure)?;
    staged.release()?;
    report.done(&format!(
        "{}: {identity}, valid {}",
        args.output,
        until(leaf.facts().not_after, now)
    ));
    Ok(citadel)
}

/// The service account that the arguments, or the environment of inject, name.
fn named(args: &BundleArgs, trust_domain: &TrustDomain) -> Result<SpiffeId, Failure> {
    let mut account = ServiceAccount::default();
    if let Some(given) = args.setting(Key::Namespace) {
        account = account.in_namespace(&given.text).map_err(|error| given.wrong(&error))?;
    }
    if let Some(given) = args.setting(Key::ServiceAccount) {
        account = account.named(&given.text).map_err(|error| given.wrong(&error))?;
    }
    Ok(SpiffeId::new(trust_domain.clone(), account))
}

/// Makes the bundle of an identity, as the arguments want it.
pub(crate) fn issue(
    args: &BundleArgs,
    citadel: &Citadel,
    identity: &SpiffeId,
    now: OffsetDateTime,
) -> Result<(Bundle, Certificate), Failure> {
    let organization = args.org.as_ref();
    let request = BundleRequest { identity, organization, ttl: args.ttl, key: args.key };
    citadel.issue(&request, now).map_err(failure)
}

/// The archive of a bundle; its files are as old as the leaf.
pub(crate) fn archive(bundle: &Bundle, leaf: &Certificate) -> Zeroizing<Vec<u8>> {
    write_archive(bundle, leaf.facts().not_before)
}

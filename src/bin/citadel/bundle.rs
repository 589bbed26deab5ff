//! `citadel bundle`.

use marathon_inject::citadel::{Access, BundleRequest, Citadel, OsDisk, Phase, write_archive};
use marathon_inject::command_line::Failure;
use marathon_inject::identity::x509::{Bundle, Certificate};
use marathon_inject::identity::{InvalidIdentity, ServiceAccount, SpiffeId, TrustDomain};
use time::OffsetDateTime;
use zeroize::Zeroizing;

use crate::args::BundleArgs;
use crate::marathon;
use crate::release::{Staged, StagedDirectory, StagedFile, Target, refuse_within};
use crate::report::{Report, failure, until};

/// Makes one bundle, or those of all pods.
pub(crate) fn run(args: &BundleArgs, report: &Report, now: OffsetDateTime) -> Result<(), Failure> {
    let mut citadel = Citadel::open(&args.ca.dir, Access::Write, now).map_err(failure)?;
    if args.marathon.is_empty() {
        one(args, &mut citadel, report, now)?;
    } else {
        marathon::run(args, &mut citadel, report, now)?;
    }
    if citadel.phase() == Phase::Stable {
        report.ending(citadel.active().authority, now);
    }
    Ok(())
}

fn one(
    args: &BundleArgs,
    citadel: &mut Citadel,
    report: &Report,
    now: OffsetDateTime,
) -> Result<(), Failure> {
    let target = Target::of(&args.output)?;
    target.place().map_or(Ok(()), |place| refuse_within(&args.ca.dir, &place))?;
    let identity = match &args.identity {
        Some(identity) => identity.clone(),
        None => named(args, citadel.trust_domain())
            .map_err(|error| Failure::input(error.to_string()))?,
    };
    let (bundle, leaf) = issue(args, citadel, &identity, now)?;
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
    Ok(())
}

/// The service account that the arguments name.
fn named(args: &BundleArgs, trust_domain: &TrustDomain) -> Result<SpiffeId, InvalidIdentity> {
    let mut account = ServiceAccount::default();
    if let Some(namespace) = args.namespace() {
        account = account.in_namespace(&namespace)?;
    }
    if let Some(name) = args.service_account() {
        account = account.named(&name)?;
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

//! `citadel rotate-root`: prepare, activate, retire; cancel; and renew.

use std::time::Duration;

use camino::Utf8Path;
use marathon_inject::citadel::{Access, Citadel, OsDisk, Patience};
use marathon_inject::command_line::Failure;
use marathon_inject::identity::x509::{Certificate, rfc3339};
use time::OffsetDateTime;

use crate::args::{AuthorityArgs, RotateRootArgs, Step, StepArgs};
use crate::authority::{MissingRoot, Ready, Wanted};
use crate::report::{Report, failure, until};

/// Takes a step.
pub(crate) fn run(
    args: &RotateRootArgs,
    report: &Report,
    now: OffsetDateTime,
) -> Result<(), Failure> {
    match &args.step {
        Step::Prepare { ca, authority } => prepare(&ca.dir, authority, report, now),
        Step::Activate(args) => activate(args, report, now),
        Step::Retire(args) => retire(args, report, now),
        Step::Cancel(ca) => cancel(&ca.dir, report, now),
        Step::Renew { ca, ttl } => renew(&ca.dir, *ttl, report, now),
    }
}

fn prepare(
    dir: &Utf8Path,
    args: &AuthorityArgs,
    report: &Report,
    now: OffsetDateTime,
) -> Result<(), Failure> {
    let mut citadel = Citadel::open(dir, Access::Write, now).map_err(failure)?;
    citadel.check_can_prepare().map_err(failure)?;
    // The root of an intermediate is offline: where it is not there, it is away.
    let active_is_root = citadel.active().authority.certificate().is_self_issued();
    let missing_root = if active_is_root { MissingRoot::Make } else { MissingRoot::Refuse };
    let trust_domain = &citadel.trust_domain().clone();
    let wanted = Wanted { args, dir, trust_domain, missing_root, now };
    let Ready { authority, offline_root } = wanted.ready()?;
    let root = authority.roots()[0].clone();
    let known = citadel.roots().contains(&root);
    let prepared = citadel.prepare(authority, now, &OsDisk);
    offline_root.end(prepared, report)?;
    let subject = &root.facts().subject;
    report.done(&if known {
        format!("{dir}: prepared; the root stays {subject}, only who signs below it will change")
    } else {
        format!("{dir}: prepared; bundles now carry the root {subject} too")
    });
    report.done(&match citadel.due() {
        Some(moment) => format!("next: `rotate-root activate`, from {} on", rfc3339(moment)),
        None => "next: `rotate-root activate`, at any time: no bundle was made before".to_owned(),
    });
    Ok(())
}

fn activate(args: &StepArgs, report: &Report, now: OffsetDateTime) -> Result<(), Failure> {
    let dir = &args.ca.dir;
    let mut citadel = Citadel::open(dir, Access::Write, now).map_err(failure)?;
    citadel.activate(patience(args), now, &OsDisk).map_err(failure)?;
    let subject = &citadel.active().authority.certificate().facts().subject;
    report.done(&format!("{dir}: activated; leaves now come from {subject}"));
    report.done(&match citadel.due() {
        Some(moment) => format!("next: `rotate-root retire`, from {} on", rfc3339(moment)),
        None => "next: `rotate-root retire`, at any time: the old root has no leaves".to_owned(),
    });
    Ok(())
}

fn retire(args: &StepArgs, report: &Report, now: OffsetDateTime) -> Result<(), Failure> {
    let dir = &args.ca.dir;
    let mut citadel = Citadel::open(dir, Access::Write, now).map_err(failure)?;
    let old = citadel.other().map(|old| old.authority.certificate().facts().subject.clone());
    let (roots, until) = (citadel.roots(), citadel.bundles_until());
    citadel.retire(patience(args), now, &OsDisk).map_err(failure)?;
    let Some(old) = old else {
        report.done(&format!("{dir}: nothing to retire; what was left over is removed"));
        return Ok(());
    };
    report.done(&format!("{dir}: retired; the key of {old} is removed"));
    if citadel.roots().len() == roots.len() {
        report.done("its root stays, for the authority that signs now is below it too");
    } else if let Some(until) = until.filter(|until| *until > now) {
        let until = rfc3339(until);
        report.done(&format!(
            "bundles made before trust it until {until}: replace them now if its key was stolen"
        ));
    }
    Ok(())
}

fn cancel(dir: &Utf8Path, report: &Report, now: OffsetDateTime) -> Result<(), Failure> {
    let mut citadel = Citadel::open(dir, Access::Write, now).map_err(failure)?;
    let next = citadel.other().map(|next| next.authority.certificate().facts().subject.clone());
    citadel.cancel(&OsDisk).map_err(failure)?;
    report.done(&match next {
        Some(next) => format!("{dir}: cancelled; the key of {next} is removed"),
        None => format!("{dir}: nothing to cancel; what was left over is removed"),
    });
    Ok(())
}

fn renew(
    dir: &Utf8Path,
    ttl: Option<Duration>,
    report: &Report,
    now: OffsetDateTime,
) -> Result<(), Failure> {
    let mut citadel = Citadel::open(dir, Access::Write, now).map_err(failure)?;
    citadel.renew(ttl, now, &OsDisk).map_err(failure)?;
    let authority = citadel.active().authority;
    let root = authority.certificate().facts();
    let valid = until(root.not_after, now);
    report.done(&format!("{dir}: renewed; the root {} is valid {valid}", root.subject));
    report.done(&format!("its SHA-256 for pins is now {}", root.sha256));
    if let Some(before) = authority.former().first().map(Certificate::facts) {
        let end = rfc3339(before.not_after);
        report.done(&format!("pins of the one before, {}, serve until {end}", before.sha256));
    }
    Ok(())
}

fn patience(args: &StepArgs) -> Patience {
    if args.force { Patience::Force } else { Patience::Wait }
}

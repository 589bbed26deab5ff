//! `citadel rotate-root`: prepare, activate, retire.

use camino::Utf8Path;
use marathon_inject::citadel::{Access, Citadel, OsDisk, Patience};
use marathon_inject::command_line::Failure;
use marathon_inject::identity::x509::rfc3339;
use time::OffsetDateTime;

use crate::args::{AuthorityArgs, RotateRootArgs, Step, StepArgs};
use crate::authority::Wanted;
use crate::report::{Report, failure};

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
    }
}

fn prepare(
    dir: &Utf8Path,
    args: &AuthorityArgs,
    report: &Report,
    now: OffsetDateTime,
) -> Result<(), Failure> {
    let mut citadel = Citadel::open(dir, Access::Write, now).map_err(failure)?;
    citadel.check_stable().map_err(failure)?;
    let wanted = Wanted { args, dir, trust_domain: citadel.trust_domain(), now };
    let next = wanted.authority(report)?;
    let root = next.roots()[0].clone();
    let known = citadel.roots().contains(&root);
    citadel.prepare(next, &OsDisk).map_err(failure)?;
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
    let roots = citadel.roots();
    citadel.retire(patience(args), now, &OsDisk).map_err(failure)?;
    report.done(&match old {
        Some(old) if citadel.roots().len() < roots.len() => {
            format!("{dir}: retired; nothing trusts {old} any more, its key is destroyed")
        }
        Some(old) => format!("{dir}: retired; the key of {old} is destroyed, its root stays"),
        None => format!("{dir}: retired before; what was left over is destroyed"),
    });
    Ok(())
}

fn patience(args: &StepArgs) -> Patience {
    if args.force { Patience::Force } else { Patience::Wait }
}

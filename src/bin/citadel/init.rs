//! `citadel init`.

use marathon_inject::citadel::{Citadel, OsDisk, Phase, Role};
use marathon_inject::command_line::Failure;
use time::OffsetDateTime;

use crate::args::InitArgs;
use crate::authority::{MissingRoot, Ready, Wanted};
use crate::report::{Report, failure, until};

/// Makes a CA.
pub(crate) fn run(args: &InitArgs, report: &Report, now: OffsetDateTime) -> Result<(), Failure> {
    let dir = &args.ca.dir;
    // Before anything is made, an offline root included.
    Citadel::refuse_occupied(dir).map_err(failure)?;
    let (trust_domain, missing_root) = (&args.trust_domain, MissingRoot::Make);
    let wanted = Wanted { args: &args.authority, dir, trust_domain, missing_root, now };
    let Ready { authority, offline_root } = wanted.ready()?;
    let role = Role::Signing;
    let created = Citadel::create(dir, trust_domain.clone(), role, &authority, now, &OsDisk);
    offline_root.end(created, report)?;
    let facts = authority.certificate().facts();
    let what = if authority.certificate().is_self_issued() { "root" } else { "intermediate" };
    let (subject, until) = (&facts.subject, until(facts.not_after, now));
    report.done(&format!("{dir}: {what} {subject} for {trust_domain}, valid {until}"));
    report.ending(&authority, Phase::Stable, now);
    Ok(())
}

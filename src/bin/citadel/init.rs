//! `citadel init`.

use marathon_inject::citadel::{Citadel, OsDisk};
use marathon_inject::command_line::Failure;
use time::OffsetDateTime;

use crate::args::InitArgs;
use crate::authority::Wanted;
use crate::report::{Report, failure, until};

/// Makes a CA.
pub(crate) fn run(args: &InitArgs, report: &Report, now: OffsetDateTime) -> Result<(), Failure> {
    let dir = &args.ca.dir;
    // Before anything is made, an offline root included.
    Citadel::refuse_occupied(dir).map_err(failure)?;
    let wanted = Wanted { args: &args.authority, dir, trust_domain: &args.trust_domain, now };
    let authority = wanted.authority(report)?;
    Citadel::create(dir, args.trust_domain.clone(), &authority, &OsDisk).map_err(failure)?;
    let facts = authority.certificate().facts();
    let what = if authority.certificate().is_self_issued() { "root" } else { "intermediate" };
    let (subject, until) = (&facts.subject, until(facts.not_after, now));
    report.done(&format!("{dir}: {what} {subject} for {}, valid {until}", args.trust_domain));
    report.ending(&authority, now);
    Ok(())
}

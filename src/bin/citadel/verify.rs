//! `citadel verify`.

use marathon_inject::citadel::read;
use marathon_inject::command_line::Failure;
use marathon_inject::identity::x509::verify;
use time::OffsetDateTime;

use crate::args::VerifyArgs;
use crate::report::{Report, failure, until};
use crate::subject::bundle;

/// Checks a bundle.
pub(crate) fn run(args: &VerifyArgs, report: &Report, now: OffsetDateTime) -> Result<(), Failure> {
    let mut bundle = bundle(&args.bundle, now)?;
    if let Some(root_cert) = &args.root_cert {
        bundle.root_cert = read(root_cert).map_err(failure)?.to_vec();
    }
    match verify(&bundle, args.identity.as_ref(), now) {
        Ok(good) => {
            let until = until(good.leaf.facts().not_after, now);
            report.done(&format!("{}: {}, valid {until}", args.bundle, good.identity));
            Ok(())
        }
        Err(faults) => {
            let faults: Vec<_> = faults.iter().map(|fault| format!("\n  - {fault}")).collect();
            Err(Failure::gate(format!("{} would not serve:{}", args.bundle, faults.concat())))
        }
    }
}

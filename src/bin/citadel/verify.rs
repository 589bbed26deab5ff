//! `citadel verify`.

use camino::Utf8Path;
use marathon_inject::command_line::{Failure, printable};
use marathon_inject::identity::x509::{Fault, ROOT_CERT, verify};
use time::OffsetDateTime;

use crate::args::VerifyArgs;
use crate::report::{Report, until};
use crate::subject::bundle;

/// Checks a bundle.
pub(crate) fn run(args: &VerifyArgs, report: &Report, now: OffsetDateTime) -> Result<(), Failure> {
    let root_cert = args.root_cert.as_deref();
    let bundle = bundle(root_cert, &args.bundle, now)?;
    match verify(&bundle, args.identity.as_ref(), now) {
        Ok(good) => {
            let until = until(good.not_after, now);
            report.done(&format!("{}: {}, valid {until}", args.bundle, good.identity));
            Ok(())
        }
        Err(faults) => {
            let words =
                faults.iter().map(|fault| format!("  - {}", printable(&words(fault, root_cert))));
            let faults: Vec<_> = words.collect();
            let failure = Failure::gate(format!("{} would not serve:", args.bundle));
            Err(failure.below(faults.join("\n")))
        }
    }
}

/// What is wrong. If it is the roots, their file is blamed, wherever that is.
fn words(fault: &Fault, root_cert: Option<&Utf8Path>) -> String {
    let words = fault.to_string();
    match (root_cert, words.strip_prefix(ROOT_CERT)) {
        (Some(file), Some(rest)) => format!("{file}{rest}"),
        _ => words,
    }
}

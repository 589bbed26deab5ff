//! `inject diff`: what injection would change, or submission.

use marathon_inject::command_line::Failure;

use crate::args::{DiffArgs, Emit, InjectArgs, OutputArgs};
use crate::run::{self, Changed};

/// Runs `inject diff`.
pub(crate) fn run(args: DiffArgs) -> Result<(), Failure> {
    let exit_code = args.exit_code;
    match changed(args)? {
        Changed::Something if exit_code => Err(Failure::gate("there are differences")),
        _ => Ok(()),
    }
}

fn changed(args: DiffArgs) -> Result<Changed, Failure> {
    #[cfg(feature = "submit")]
    if args.live {
        return crate::submit::live::diff(&args);
    }
    let output = OutputArgs { output: None, in_place: false, emit: Emit::Diff };
    run::inject(&InjectArgs { output, apps: args.apps, source: args.source })
}

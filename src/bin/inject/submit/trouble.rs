//! How a pod's way ended, for people: what happened, why it probably did, what to do now.

use std::fmt::Write as _;
use std::io::{self, Write as _};

use marathon_inject::command_line::{Exit, Failure, snippets};
use marathon_inject::marathon::{Address, Container, Error, Fault, Taken, Why};
use marathon_inject::plan::likely_cause;

use super::pods::Pod;
use super::record::{Action, End, Failed, Record, Trouble, Undoing};
use crate::report::shown;

/// What Marathon has taken.
pub(crate) fn taken(action: Action, taken: &Taken) -> String {
    let words = match action {
        Action::Create => "created",
        Action::Update => "updated",
        Action::Leave => "runs this definition already, and is left alone",
    };
    match &taken.deployment {
        Some(deployment) => format!("{words}; deployment {deployment}"),
        None => words.to_owned(),
    }
}

/// What a pod is waiting for that Marathon does not take yet.
pub(crate) fn waiting(busy: &Error) -> String {
    match busy {
        Error::Refused { refusal, .. } if !refusal.deployments.is_empty() => {
            let deployments = refusal.deployments.join(", ");
            format!(
                "waiting for deployment {deployments}, which holds the pod; --force breaks into it"
            )
        }
        busy => format!("waiting: {busy}"),
    }
}

/// How it ended, on one line.
pub(crate) fn ended(end: &End, record: &Record) -> String {
    let took = format!("{:.1} s", record.took.get().as_secs_f64());
    match end {
        End::Stable => format!("STABLE after {took}"),
        End::Submitted => "submitted, and not followed".to_owned(),
        End::Left => "unchanged, and not followed".to_owned(),
        End::Marathon(_) => format!("failed after {took}"),
        End::Failed(failed) => format!("failed after {took}: {}", why(failed)),
    }
}

fn why(failed: &Failed) -> String {
    match failed.why {
        Why::Removed => "somebody removed the pod meanwhile".to_owned(),
        Why::Replaced => "somebody gave the pod another definition meanwhile".to_owned(),
        Why::Cancelled => "somebody cancelled the deployment".to_owned(),
        Why::CrashLoop(1) => "an instance failed".to_owned(),
        Why::CrashLoop(count) => format!("{count} instances failed, one after the other"),
        Why::TimedOut if failed.seen.is_empty() => "the time is over".to_owned(),
        Why::TimedOut => format!("the time is over: {}", failed.seen),
    }
}

/// Tells on stderr why a pod is not as it should be; nothing if it is.
pub(crate) fn tell(pod: &Pod, record: &Record) -> Result<(), Failure> {
    let Some(end) = record.end.get() else { return Ok(()) };
    let Some(trouble) = end.failure() else { return Ok(()) };
    let mut stderr = io::BufWriter::new(anstream::stderr());
    let source = shown(&pod.source);
    for fault in pod.diagnostics(faults(end)) {
        writeln!(stderr, "{}", snippets(&io::stderr()).draw(&source, &fault))?;
    }
    writeln!(stderr, "{}", of(pod, trouble, record))?;
    Ok(stderr.flush()?)
}

fn of(pod: &Pod, trouble: Trouble<'_>, record: &Record) -> Failure {
    let failure = match trouble {
        // It names its pod itself.
        Trouble::Marathon(error @ (Error::Conflict { .. } | Error::Uncertain { .. })) => {
            of_error(error)
        }
        Trouble::Marathon(error) => match goes_on(record) {
            Some(words) => of_error(error).about(&pod.id).below(format!("  {words}")),
            None => of_error(error).about(&pod.id),
        },
        Trouble::Failed(failed) => {
            let message = format!("{}: {}", pod.id, why(failed));
            let failure = Failure::new(trouble.exit(), message);
            let below = [last(failed), undone(failed)].concat();
            if below.is_empty() { failure } else { failure.below(below.trim_end()) }
        }
    };
    let left = matches!(trouble, Trouble::Failed(failed) if failed.undone.is_none());
    match hint(trouble).map(str::to_owned).or_else(|| goes_on(record).filter(|_| left)) {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}

/// What Marathon goes on with, although the run ends.
fn goes_on(record: &Record) -> Option<String> {
    let deployment = record.taken.get()?.deployment.as_ref()?;
    Some(format!("the deployment {deployment} may still be under way: Marathon goes on trying"))
}

/// The instance that failed last, in lines.
fn last(failed: &Failed) -> String {
    let Some(last) = &failed.last else { return String::new() };
    let agent = last.agent.as_ref().map(|agent| format!(" on agent {agent}")).unwrap_or_default();
    let mut lines = format!("  the last one was {}{agent}\n", last.instance);
    if let Some(message) = last.message.as_ref().filter(|_| last.containers.is_empty()) {
        writeln!(lines, "  {message}").expect("a String takes all");
    }
    for container in &last.containers {
        lines += &told(container);
    }
    lines
}

/// A container that failed, what Mesos says of it, and what is likely.
fn told(container: &Container) -> String {
    let termination = container.termination.clone().unwrap_or_default();
    let status = termination.exit_code.map(|code| format!(", exit status {code}"));
    let message = termination.message.or(container.message.clone()).unwrap_or_default();
    let mut lines = format!(
        "  container {}: {}{}{}{message}\n",
        container.name,
        container.status,
        status.unwrap_or_default(),
        if message.is_empty() { "" } else { ": " },
    );
    let cause = likely_cause(&container.name, &message);
    if let Some(cause) = cause.filter(|_| !container.was_killed()) {
        writeln!(lines, "    probably {cause}").expect("a String takes all");
    }
    lines
}

fn undone(failed: &Failed) -> String {
    match &failed.undone {
        None => String::new(),
        Some(Ok(())) => "  what was before is back\n".to_owned(),
        Some(Err(Undoing::TimedOut)) => {
            "  what was before was asked for, but is not back in time\n".to_owned()
        }
        Some(Err(Undoing::Marathon(error))) => format!("  what was before is not back: {error}\n"),
    }
}

fn hint(trouble: Trouble<'_>) -> Option<&'static str> {
    match trouble {
        Trouble::Marathon(Error::Conflict { .. }) => {
            Some("look at what was changed (`inject diff --live`), and submit again")
        }
        Trouble::Failed(Failed { why: Why::Removed | Why::Replaced | Why::Cancelled, .. }) => {
            Some("agree with the others, and submit again")
        }
        _ => None,
    }
}

/// The exit code that says what went wrong between us and Marathon.
pub(crate) fn exit(error: &Error) -> Exit {
    match error {
        Error::Tls { .. } => Exit::Input,
        Error::Unreachable { .. } | Error::Uncertain { .. } => Exit::Unreachable,
        _ => Exit::Refused,
    }
}

/// A failure that concerns no pod alone.
pub(crate) fn of_error(error: &Error) -> Failure {
    let failure = Failure::new(exit(error), error.to_string());
    match error {
        Error::Unreachable { .. } => failure.hint("is that where Marathon is, and is it up?"),
        Error::Uncertain { .. } => failure.hint("the same command again finds it out"),
        Error::Unauthorized { .. } => failure.hint(
            "sign in with `dcos auth login`, or name --username with --password-file or \
             --private-key",
        ),
        Error::Withheld { .. } => failure.hint(
            "DCOS_ACS_TOKEN, DCOS_PASSWORD and the token of `dcos auth login` go to their cluster \
             only:\n          if it is this one, say so with DCOS_URL",
        ),
        error => match details(error) {
            Some(details) => failure.below(format!("  {details}")),
            None => failure,
        },
    }
}

/// What Marathon says beside the message of a refusal.
fn details(error: &Error) -> Option<&str> {
    match error {
        Error::Refused { refusal, .. } => refusal.details.as_deref(),
        _ => None,
    }
}

/// What goes on without us, and how to follow it or to take it back.
pub(crate) fn interrupted(
    signal: &str,
    address: &Address,
    pods: &[Pod],
    records: &[Record],
) -> Failure {
    let open = pods.iter().zip(records).filter(|(_, record)| record.end.get().is_none());
    let (begun, untouched): (Vec<_>, Vec<_>) =
        open.partition(|(_, it)| it.taken.get().is_some() || it.is_uncertain());
    let mut lines: String =
        begun.iter().map(|(pod, record)| format!("  {} {}\n", pod.id, left_at(record))).collect();
    match untouched.len() {
        0 => {}
        1 => lines += "  1 pod was not submitted\n",
        count => lines += &format!("  {count} pods were not submitted\n"),
    }
    let failure = Failure::new(Exit::Interrupted, signal).below(lines.trim_end());
    if begun.is_empty() {
        return failure;
    }
    let url = address.urls().first().map(|url| url.as_str().trim_end_matches('/'));
    failure.hint(format!(
        "the same command again follows what goes on;\n          \
         `dcos marathon deployment rollback ID`, or DELETE {}/v2/deployments/ID, takes it back",
        url.unwrap_or_default()
    ))
}

/// Where a pod was left that had been submitted, or may have been.
fn left_at(record: &Record) -> String {
    match record.taken.get() {
        Some(_) if record.undoing.get() => "failed, and may or may not be taken back".to_owned(),
        Some(Taken { deployment: Some(deployment), .. }) => {
            format!("goes on: deployment {deployment}")
        }
        Some(_) => "goes on".to_owned(),
        None => "may have been submitted".to_owned(),
    }
}

/// A refusal or an outage in one line, for programs.
pub(crate) fn in_short(end: &End) -> Option<String> {
    match end {
        End::Stable | End::Submitted | End::Left => None,
        End::Marathon(error) => Some(match details(error) {
            Some(details) => format!("{error}: {details}"),
            None => error.to_string(),
        }),
        End::Failed(failed) => Some(why(failed)),
    }
}

/// The containers that failed, for programs.
pub(crate) fn containers(end: &End) -> &[Container] {
    match end {
        End::Failed(Failed { last: Some(last), .. }) => &last.containers,
        _ => &[],
    }
}

/// What Marathon finds wrong with the pod.
pub(crate) fn faults(end: &End) -> &[Fault] {
    match end {
        End::Marathon(Error::Refused { refusal, .. }) => &refusal.faults,
        _ => &[],
    }
}

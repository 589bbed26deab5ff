//! `inject diff --live` and `inject submit --dry-run`: what submitting would change. Marathon is
//! only read.

use futures_util::{StreamExt, stream};
use marathon_inject::command_line::{Failure, print, printable, unless_unread};
use marathon_inject::identity::without_tokens;
use marathon_inject::marathon::{Client, Error, compare};
use marathon_inject::pod::Filled;

use super::connect;
use super::job::{Plan, plan};
use super::join::Tokens;
use super::pods::{self, Collected, Pod};
use super::progress::Progress;
use super::record::{End, Record};
use super::{block_on, summary, trouble, verdict};
use crate::args::{DiffArgs, SubmitArgs};
use crate::run::Changed;

/// How many pods are read at once.
const AT_ONCE: usize = 8;

/// Prints what submission would do, and does nothing of it.
pub(crate) fn dry_run(args: &SubmitArgs, collected: &Collected) -> Result<(), Failure> {
    let progress = Progress::new(args.source.input.quiet);
    let client = connect::client(&args.marathon, &args.source, &progress)?;
    let records: Vec<_> = collected.pods.iter().map(|_| Record::default()).collect();
    let (_, plans) = block_on(plans(&client, &collected.pods))??;
    for ((pod, record), planned) in collected.pods.iter().zip(&records).zip(plans) {
        match planned {
            Ok(planned) => record.action.set(Some(planned.action())),
            Err(error) => {
                record.end.set(End::Marathon(error)).expect("each pod has one plan");
                // Who does not read on misses the words; the exit code still says it.
                let _ = trouble::tell(pod, record);
            }
        }
    }
    let told = unless_unread(summary::print_plan(args.output, collected, &records));
    verdict(&records).and(told)
}

/// Prints the differences between what runs and what submission would bring.
pub(crate) fn diff(args: &DiffArgs) -> Result<Changed, Failure> {
    let (Collected { pods, .. }, verdict) =
        pods::collect(&args.source, &args.apps, args.no_inject, Tokens::AsRunning, "compared")?;
    verdict?;
    let progress = Progress::new(args.source.input.quiet);
    let client = connect::client(&args.marathon, &args.source, &progress)?;
    let (filled, plans) = block_on(plans(&client, &pods))??;
    let (mut text, mut failures) = (String::new(), Vec::new());
    for (pod, planned) in pods.iter().zip(plans) {
        match planned {
            Ok(planned) => text += &difference(pod, &planned, &filled),
            Err(error) => failures.push(trouble::of_error(&error).about(&pod.id)),
        }
    }
    unless_unread(print(text.as_bytes()))?;
    match failures.pop() {
        Some(last) => {
            failures.iter().for_each(|failure| progress.note(&failure.to_string()));
            Err(last)
        }
        None if text.is_empty() => Ok(Changed::Nothing),
        None => Ok(Changed::Something),
    }
}

/// What Marathon fills in, and what is to be done with each pod, in their order.
async fn plans(
    client: &Client,
    pods: &[Pod],
) -> Result<(Filled, Vec<Result<Plan, Error>>), Failure> {
    let filled = client.filled().await.map_err(|error| trouble::of_error(&error))?;
    let plans = stream::iter(pods).map(|pod| plan(client, pod, &filled));
    let plans = plans.buffered(AT_ONCE).collect().await;
    Ok((filled, plans))
}

/// A unified diff from what runs to what is submitted, in one form. Tokens are no difference.
fn difference(pod: &Pod, planned: &Plan, filled: &Filled) -> String {
    let (old, new, version) = match planned {
        Plan::Leave(_) => return String::new(),
        Plan::Create => (String::new(), pod.text.clone() + "\n", None),
        Plan::Update(running) => {
            let text = pod.tokens.as_running(&pod.id, &pod.text, &running.text);
            let (old, new) = match compare(&text, &running.text, filled) {
                Some(compared) => (pretty(compared.running()), pretty(compared.sent())),
                None => (running.text.clone() + "\n", text.into_owned() + "\n"),
            };
            (old, new, Some(running.version.as_str()))
        }
    };
    let id = printable(&pod.id);
    let (before, after) = (
        version.map_or("/dev/null".to_owned(), |version| format!("a{id}\t{version}")),
        format!("b{id}\t{}", pod.source.name()),
    );
    let diff = similar::TextDiff::from_lines(&old, &new);
    without_tokens(&diff.unified_diff().header(&before, &after).to_string())
}

fn pretty(pod: &serde_json::Value) -> String {
    format!("{pod:#}\n")
}

//! `inject submit`: from files to pods that run. Nothing is submitted unless every input is fine;
//! from then on each pod goes its own way, and one that fails hides no other.

mod connect;
mod job;
mod join;
pub(crate) mod live;
mod look;
mod pods;
mod progress;
mod record;
mod summary;
mod trouble;

use std::future::Future;
use std::sync::Arc;

use futures_util::StreamExt;
use futures_util::stream;
use marathon_inject::command_line::{Failure, unless_unread};
use marathon_inject::marathon::{Client, Events};

use crate::args::SubmitArgs;
use job::{Job, Options};
use join::Tokens;
use pods::Pod;
use progress::Progress;
use record::Record;

/// Runs `inject submit`.
pub(crate) fn run(args: &SubmitArgs) -> Result<(), Failure> {
    let tokens = Tokens::of(args.join_key.as_deref())?;
    let (collected, verdict) =
        pods::collect(&args.source, &args.apps, args.no_inject, tokens, "submitted")?;
    if verdict.is_ok() && collected.pods.is_empty() {
        return Err(Failure::input("there is no pod to submit"));
    }
    if args.dry_run {
        return live::dry_run(args, &collected).and(verdict);
    }
    verdict?;
    let progress = Progress::new(args.source.input.quiet);
    let client = Arc::new(connect::client(&args.marathon, &args.source, &progress)?);
    block_on(submit(args, &collected.pods, client, &progress))?
}

/// Waits for a future; one thread suffices for that. A name that is still being resolved when the
/// future has ended is waited for no longer.
fn block_on<T>(future: impl Future<Output = T>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let done = runtime.block_on(future);
    runtime.shutdown_background();
    Ok(done)
}

async fn submit(
    args: &SubmitArgs,
    pods: &[Pod],
    client: Arc<Client>,
    progress: &Progress,
) -> Result<(), Failure> {
    let filled = client.filled().await.map_err(|error| trouble::of_error(&error))?;
    let events = (!args.no_wait).then(|| Events::listen(Arc::clone(&client)));
    let options = Options::of(args);
    let job = Job { client: &client, filled: &filled, events: events.as_ref(), progress, options };
    let records: Vec<_> = pods.iter().map(|_| Record::default()).collect();
    let all = stream::iter(pods.iter().zip(&records))
        .map(|(pod, record)| job.run(pod, record))
        .buffer_unordered(args.concurrency)
        .for_each(|()| std::future::ready(()));
    let interrupted = until_interrupted(all).await;
    progress.clear();
    let outcome = match interrupted {
        Some(signal) => Err(trouble::interrupted(signal, client.address(), pods, &records)),
        None => verdict(&records),
    };
    for (pod, record) in pods.iter().zip(&records) {
        // Who does not read on misses the words; the exit code still says it.
        let _ = trouble::tell(pod, record);
    }
    let told = unless_unread(summary::print(args.output, pods, &records));
    outcome.and(told.map_err(|failure| Failure::gate(format!("the result is lost: {failure}"))))
}

/// Runs something to its end, unless a signal asks to stop; then that signal's name.
async fn until_interrupted(all: impl Future<Output = ()>) -> Option<&'static str> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut asked = signal(SignalKind::terminate()).ok();
    let terminated = async {
        match &mut asked {
            Some(asked) => asked.recv().await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        () = all => None,
        Ok(()) = tokio::signal::ctrl_c() => Some("interrupted"),
        _ = terminated => Some("terminated"),
    }
}

/// The exit code of all of them: what Marathon refused weighs more than what it did not hear.
fn verdict(records: &[Record]) -> Result<(), Failure> {
    let failed: Vec<_> = records.iter().filter_map(|record| record.end.get()?.failure()).collect();
    let Some(exit) = failed.iter().map(|failed| failed.exit()).min_by_key(|exit| *exit as u8)
    else {
        return Ok(());
    };
    let all = records.len();
    let plural = if all == 1 { "" } else { "s" };
    Err(Failure::new(exit, format!("{} of {all} pod{plural} failed", failed.len())))
}

//! The command line of `node-agent`: arguments in, an agent until it is told to stop, an exit code.
//! What it does is the library's business.

#![deny(clippy::exit, clippy::print_stderr, clippy::print_stdout, clippy::unwrap_used)]

mod args;
mod config;

use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;
use marathon_inject::agent::{AgentError, Signals, run};
use marathon_inject::command_line::{self, Exit, Failure};
use marathon_inject::monitor;
use rustix::process::{DumpableBehavior, getuid, set_dumpable_behavior};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{Notify, watch};

use args::Cli;

fn main() -> ExitCode {
    // A crash must not leave keys in a core file, nor show other processes the token in our
    // environment; where the system cannot promise that, it works on.
    let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    let cli = Cli::parse();
    cli.color.write_global();
    command_line::finish(agent(&cli))
}

fn agent(cli: &Cli) -> Result<(), Failure> {
    if getuid().is_root() && !cli.allow_root {
        return Err(Failure::input("runs as root, whose traffic Envoy captures").hint(
            "Envoy waits for the certificate, which then is waited for for ever; run it as uid \
             1337, or with --allow-root where nothing is captured",
        ));
    }
    let config = config::config(cli)?;
    monitor::log_to_stderr(&cli.log).map_err(|words| Failure::input(format!("--log: {words}")))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let ended = runtime.block_on(async { run(config, signals()?).await.map_err(failure) });
    // What still makes a key is not waited for.
    runtime.shutdown_background();
    ended
}

/// SIGHUP renews; SIGTERM and SIGINT end.
fn signals() -> Result<Signals, Failure> {
    let heard = |kind| signal(kind).map_err(Failure::from);
    let mut hangup = heard(SignalKind::hangup())?;
    let (mut terminate, mut interrupt) =
        (heard(SignalKind::terminate())?, heard(SignalKind::interrupt())?);
    let renew = Arc::new(Notify::new());
    let rung = Arc::clone(&renew);
    tokio::spawn(async move {
        while hangup.recv().await.is_some() {
            rung.notify_one();
        }
    });
    let (stopped, stop) = watch::channel(false);
    tokio::spawn(async move {
        either(&mut terminate, &mut interrupt).await;
        // Nobody is left to be told if the agent has ended by itself.
        let _ = stopped.send(true);
    });
    Ok(Signals { renew, stop })
}

async fn either(one: &mut Signal, other: &mut Signal) {
    tokio::select! {
        _ = one.recv() => {}
        _ = other.recv() => {}
    }
}

fn failure(error: AgentError) -> Failure {
    match error {
        AgentError::Denied(denied) => Failure::new(Exit::Refused, denied.to_string()),
        error => Failure::input(error.to_string()),
    }
}

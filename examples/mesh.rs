//! The walk-through's experiment, to watch: `cargo run --example mesh`, or with `-- --agent` the same
//! with keys that never leave their pods. The mesh stays until Ctrl-C or Enter, to look around in
//! it; with `--once` it does not.
#![allow(
    dead_code,
    unused_imports,
    clippy::unwrap_used,
    reason = "the stage is that of the tests, which take more of it, and fail by panicking"
)]

#[path = "../tests/e2e/bundles/mod.rs"]
mod bundles;
#[path = "../tests/e2e/calls.rs"]
mod calls;
#[path = "../tests/e2e/citadel.rs"]
mod citadel;
#[path = "../tests/e2e/demo.rs"]
mod demo;
#[path = "../tests/e2e/marathon.rs"]
mod marathon;
#[path = "../tests/e2e/mesh.rs"]
mod mesh;
#[path = "../tests/e2e/mesos/mod.rs"]
mod mesos;
#[path = "../tests/e2e/network.rs"]
mod network;
#[path = "../tests/e2e/parts.rs"]
mod parts;
#[path = "../tests/e2e/pilot/mod.rs"]
mod pilot;
#[path = "../tests/e2e/proxyv2/mod.rs"]
mod proxyv2;
#[path = "../tests/e2e/secured.rs"]
mod secured;
#[path = "../tests/e2e/trial.rs"]
mod trial;
#[path = "../tests/e2e/wait.rs"]
mod wait;

use std::io::{self, Write};
use std::ops::ControlFlow::{Break, Continue};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::{env, thread};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use demo::{Certs, Demo};
use trial::{Test, tests};

const USAGE: &str = "usage: mesh [--agent] [--once]";
const AGENT: &str = "--agent";
const ONCE: &str = "--once";

/// When the mesh ends, once the experiment is done.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    AtOnce,
    WhenTold,
}

/// The argument that makes this the process that the stage belongs to.
const STAGE: &str = "stage";

/// What a shell says of a command that Ctrl-C has ended.
const INTERRUPTED: u8 = 130;

fn main() -> ExitCode {
    if let Some(code) = mesos::program().or_else(proxyv2::program) {
        return code;
    }
    let mut arguments: Vec<_> = env::args().skip(1).collect();
    let mut take = |word: &str| {
        let before = arguments.len();
        arguments.retain(|argument| argument != word);
        arguments.len() < before
    };
    let on_stage = take(STAGE);
    let certs = if take(AGENT) { Certs::Agent } else { Certs::Bundle };
    let end = if take(ONCE) { End::AtOnce } else { End::WhenTold };
    let ended = match (arguments.is_empty(), on_stage) {
        (false, _) => Err(USAGE.to_owned()),
        (true, true) => Ok(perform(certs, end)),
        (true, false) => {
            ready().and_then(|()| watch(certs, end).map_err(|error| error.to_string()))
        }
    };
    ended.unwrap_or_else(|why| {
        eprintln!("mesh: {why}");
        ExitCode::from(2)
    })
}

/// Makes sure that all is there; the error is one line.
fn ready() -> Result<(), String> {
    build()?;
    parts::missing().map_or(Ok(()), |missing| Err(missing.to_owned()))
}

/// Builds the programs beside this one: cargo, which runs it, does that for tests only.
fn build() -> Result<(), String> {
    let Some(cargo) = env::var_os("CARGO") else { return Ok(()) };
    let itself = env::current_exe().map_err(|error| error.to_string())?;
    let directory = itself.ancestors().nth(2).and_then(Path::file_name);
    let profile = directory.filter(|name| *name != "debug").unwrap_or("dev".as_ref());
    let status = Command::new(cargo)
        .args(["build", "--quiet", "--features", "citadel,node-agent", "--bins", "--profile"])
        .arg(profile)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .status();
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(_) => Err("inject, citadel and node-agent cannot be built".to_owned()),
        Err(error) => Err(format!("cargo cannot be run: {error}")),
    }
}

/// Has the stage run apart from the terminal: Ctrl-C must not reach what runs on it, which is to end
/// in order.
fn watch(certs: Certs, end: End) -> io::Result<ExitCode> {
    let mut stage = Command::new(env::current_exe()?);
    stage
        .arg(STAGE)
        .args((certs == Certs::Agent).then_some(AGENT))
        .args((end == End::AtOnce).then_some(ONCE))
        .process_group(0)
        .stdin(Stdio::piped());
    let mut stage = stage.spawn()?;
    let line = Arc::new(Mutex::new(stage.stdin.take()));
    let hung_up = Arc::clone(&line);
    let mut signals = Signals::new([SIGINT, SIGTERM])?;
    thread::spawn(move || {
        for _ in signals.forever() {
            drop(hung_up.lock().unwrap().take());
        }
    });
    thread::spawn(move || {
        let _ = io::stdin().read_line(&mut String::new());
        // It may have ended by itself.
        let _ = line.lock().unwrap().as_ref().map(|mut line| line.write_all(b"\n"));
    });
    let code = stage.wait()?.code().and_then(|code| u8::try_from(code).ok());
    Ok(code.map_or(ExitCode::FAILURE, ExitCode::from))
}

/// The experiment, and then the mesh as it is until a line comes; the end of all lines is the end of
/// whatever is under way.
fn perform(certs: Certs, end: End) -> ExitCode {
    let over = Arc::new(AtomicBool::new(false));
    let (sender, line) = channel();
    let hung_up = Arc::clone(&over);
    thread::spawn(move || {
        for _ in io::stdin().lines() {
            // Nobody waits for a second one.
            let _ = sender.send(());
        }
        hung_up.store(true, Relaxed);
    });
    let demo = Demo::run(certs, &mut |line| {
        println!("{line}");
        if over.load(Relaxed) { Break(()) } else { Continue(()) }
    });
    let Continue(demo) = demo else { return ExitCode::from(INTERRUPTED) };
    if end == End::WhenTold {
        println!("\nTo look around from another shell, until Ctrl-C or Enter:");
        demo.to_look_around().iter().for_each(|command| println!("{command}"));
        // An error is the end of all lines.
        let _ = line.recv();
    }
    ExitCode::SUCCESS
}

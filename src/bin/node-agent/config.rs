//! What the agent is to do, as the arguments and the environment say.

use std::env;
use std::fs::read_to_string;
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use marathon_inject::agent::{CaAddress, Citadel, Config, Roots, Trust, Wish};
use marathon_inject::command_line::Failure;
use marathon_inject::identity::JoinToken;
use rustix::process::getuid;
use time::OffsetDateTime;
use zeroize::Zeroizing;

use crate::args::Cli;

/// The join token, which nothing else may see: not an argument, for those all can read.
const TOKEN: &str = "MESH_JOIN_TOKEN";
/// Mesos sets it (Mesos CommandInfo of a task; Marathon TaskGroupBuilder).
const TASK: &str = "MESOS_TASK_ID";
/// Mesos sets it.
const SANDBOX: &str = "MESOS_SANDBOX";

/// What the agent is to do.
pub(crate) fn config(cli: &Cli) -> Result<Config, Failure> {
    let address = CaAddress::new(&cli.ca_address, &cli.ca_server_name)
        .map_err(|error| Failure::input(error.to_string()).about("--ca-address"))?;
    let sds = present(cli.sds_socket.as_deref()).map(|path| {
        let mut uids = vec![getuid().as_raw(), 0];
        uids.extend(&cli.sds_uid);
        (path, uids)
    });
    let output_dir = present(cli.output_dir.as_deref());
    if sds.is_none() && output_dir.is_none() {
        return Err(Failure::input("nobody would get the certificate")
            .hint("give --sds-socket, --output-dir, or both"));
    }
    Ok(Config {
        citadel: Citadel { address, patience: cli.call_timeout },
        trust: Trust { pins: cli.ca_root_sha256.clone(), roots: roots(cli)? },
        wish: Wish {
            key: cli.key,
            ttl: cli.ttl,
            grace: cli.grace_period_ratio,
            token: token(cli)?,
            task: variable(TASK),
            denied_for: cli.denied_for,
        },
        sds,
        output_dir,
        state_dir: state_dir(cli)?,
        status: cli.status_listen,
    })
}

/// An environment can only give nothing by an empty text.
fn present(path: Option<&Utf8Path>) -> Option<Utf8PathBuf> {
    path.filter(|path| !path.as_str().is_empty()).map(Utf8Path::to_owned)
}

fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|text| !text.is_empty())
}

fn roots(cli: &Cli) -> Result<Vec<Arc<Roots>>, Failure> {
    let Some(path) = present(cli.ca_root_cert.as_deref()) else { return Ok(Vec::new()) };
    let pem = read_to_string(&path).map_err(|error| Failure::at(&path, &error))?;
    let roots = Roots::parse(pem.as_bytes(), OffsetDateTime::now_utc())
        .map_err(|error| Failure::input(error.to_string()).about(path.as_str()))?;
    Ok(vec![Arc::new(roots)])
}

/// Without one, only what an earlier run left can be gone on with.
fn token(cli: &Cli) -> Result<Option<JoinToken>, Failure> {
    let text = match present(cli.token_file.as_deref()) {
        Some(path) => Some(read_to_string(&path).map_err(|error| Failure::at(&path, &error))?),
        None => variable(TOKEN),
    };
    let text = text.map(Zeroizing::new);
    Ok(text.map(|text| JoinToken::new(text.trim())))
}

fn state_dir(cli: &Cli) -> Result<Utf8PathBuf, Failure> {
    let sandbox = || variable(SANDBOX).map(|sandbox| Utf8PathBuf::from(sandbox).join("agent"));
    present(cli.state_dir.as_deref()).or_else(sandbox).ok_or_else(|| {
        Failure::input("there is no place to keep the key for the next start")
            .hint("give --state-dir; in a task, Mesos sets MESOS_SANDBOX")
    })
}

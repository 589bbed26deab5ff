//! From the arguments, the environment and the DC/OS CLI's configuration to a client of Marathon.
//! What was said for one place goes to no other: the cluster's token and user are for the cluster.

use std::io::Read;
use std::time::Duration;
use std::{env, fs, io};

use camino::Utf8Path;
use marathon_inject::command_line::Failure;
use marathon_inject::marathon::{
    Address, Client, ClientFiles, Cluster, Credentials, Limits, Login, Secret, Security,
    ServiceAccount, Trust, Withheld, is_loopback,
};
use zeroize::Zeroizing;

use super::progress::Progress;
use super::trouble;
use crate::args::{MarathonArgs, SourceArgs};
use crate::inputs::reads_stdin;

/// How long Marathon may take for an answer where nobody says it.
const CALL: Duration = Duration::from_secs(30);

/// How long to try again where nobody says it.
const PATIENCE: Duration = Duration::from_secs(60);
const FIRST_CONTACT: Duration = Duration::from_secs(2);

/// More than any password or key.
const MOST_BYTES: u64 = 1 << 20;

/// A client of the Marathon that is meant.
pub(crate) fn client(
    args: &MarathonArgs,
    source: &SourceArgs,
    progress: &Progress,
) -> Result<Client, Failure> {
    let (address, cluster) = place(args)?;
    for warning in cluster.iter().flat_map(|cluster| &cluster.warnings) {
        progress.note(&format!("warning: {warning}"));
    }
    let known = cluster.as_ref();
    let cluster = known.filter(|cluster| address.urls().iter().all(|url| cluster.owns(url)));
    let password = cluster.and_then(|_| variable("DCOS_PASSWORD")).map(Secret::new);
    let credentials = Credentials {
        token: cluster.and_then(|cluster| cluster.token.clone()),
        login: login(args, source, password)?,
        dcos_url: cluster.and_then(|cluster| cluster.url.clone()),
        withheld: if cluster.is_some() { Withheld::Nothing } else { withheld(known) },
    };
    let security = security(args, cluster);
    warn(&address, &security, &credentials, progress);
    let timeout = cluster.and_then(|cluster| cluster.timeout);
    let limits = Limits {
        call: args.call_timeout.or(timeout).unwrap_or(CALL),
        patience: args.patience.unwrap_or(PATIENCE),
        first_contact: args.patience.unwrap_or(FIRST_CONTACT),
    };
    let notes = progress.clone();
    let on_retry = Box::new(move |why: &str| notes.note(&format!("trying again: {why}")));
    Client::new(address, &security, credentials, limits, on_retry)
        .map_err(|error| trouble::of_error(&error))
}

/// What there is for a cluster, which nobody gets who is not known to be of it.
fn withheld(known: Option<&Cluster>) -> Withheld {
    let variables = ["DCOS_ACS_TOKEN", "DCOS_PASSWORD"];
    let has_token = known.is_some_and(|cluster| cluster.token.is_some());
    if has_token || variables.into_iter().any(|name| variable(name).is_some()) {
        Withheld::OfCluster
    } else {
        Withheld::Nothing
    }
}

/// Where Marathon is, and the cluster that the DC/OS CLI is attached to.
fn place(args: &MarathonArgs) -> Result<(Address, Option<Cluster>), Failure> {
    let cluster = Cluster::attached(&variable);
    // An empty variable is one that is not set.
    if let Some(urls) = args.marathon.as_deref().filter(|urls| !urls.is_empty()) {
        let address = urls.parse().map_err(|error| {
            Failure::input(format!("--marathon: {error}"))
                .hint("give URLs as http://marathon:8080, with commas between several")
        })?;
        // A cluster that cannot be read is no obstacle, where another place is named.
        return Ok((address, cluster.ok().flatten()));
    }
    let cluster = cluster.map_err(|error| Failure::input(error.to_string()))?;
    match cluster.as_ref().and_then(Cluster::marathon) {
        Some(url) => Ok((url.into(), cluster)),
        None => Err(Failure::input("where is Marathon?").hint(
            "name it with --marathon or INJECT_MARATHON, or attach the DC/OS CLI to a cluster",
        )),
    }
}

/// A variable of the environment. An empty one is one that is not set.
fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

fn security(args: &MarathonArgs, cluster: Option<&Cluster>) -> Security {
    let trust = match (&args.ca_cert, cluster.and_then(|cluster| cluster.trust.clone())) {
        (Some(file), _) => Trust::Only(file.clone()),
        (None, Some(trust)) => trust,
        (None, None) => Trust::System,
    };
    let client = args.client_cert.clone().zip(args.client_key.clone());
    Security { trust, client: client.map(|(cert, key)| ClientFiles { cert, key }) }
}

/// What to sign in with. `password` is that of the environment, if it is for this place.
fn login(
    args: &MarathonArgs,
    source: &SourceArgs,
    password: Option<Secret>,
) -> Result<Option<Login>, Failure> {
    let user = args.username.clone().or_else(|| variable("DCOS_USERNAME"));
    if let Some(file) = &args.private_key {
        let account = service_account(user.as_deref(), file, source)?;
        if let Some(name) = args.username.as_deref().filter(|name| *name != account.uid()) {
            let message = format!("{file} is of {}, and --username of {name}", account.uid());
            return Err(Failure::input(message).hint("leave out --username, or name the same"));
        }
        return Ok(Some(Login::ServiceAccount(account)));
    }
    let password = match &args.password_file {
        Some(file) => Some(password_in(file, source)?),
        None => password,
    };
    match (user, password) {
        (Some(user), Some(password)) => Ok(Some(Login::Password { user, password })),
        (None, Some(_)) if args.password_file.is_some() => {
            Err(Failure::input("--password-file is of no use without --username"))
        }
        (Some(_), None) if args.username.is_some() => {
            Err(Failure::input("--username is of no use without --password-file or --private-key"))
        }
        _ => Ok(None),
    }
}

fn service_account(
    user: Option<&str>,
    file: &Utf8Path,
    source: &SourceArgs,
) -> Result<ServiceAccount, Failure> {
    let text = secret(file, source)?;
    let account = if text.expose().trim_start().starts_with('{') {
        ServiceAccount::from_json(&text)
    } else {
        let missing = || {
            Failure::input("--private-key: whose key is that?")
                .hint("name the service account with --username")
        };
        ServiceAccount::new(user.ok_or_else(missing)?, &text)
    };
    account.map_err(|error| Failure::input(format!("{file}: {error}")))
}

/// A password, without the line end that editors put after it.
fn password_in(file: &Utf8Path, source: &SourceArgs) -> Result<Secret, Failure> {
    let text = secret(file, source)?;
    let line = text.expose().strip_suffix('\n').unwrap_or(text.expose());
    Ok(Secret::new(line.strip_suffix('\r').unwrap_or(line)))
}

fn secret(file: &Utf8Path, source: &SourceArgs) -> Result<Secret, Failure> {
    let mut text = Zeroizing::new(String::new());
    let read = if file == "-" {
        if reads_stdin(&source.input) {
            return Err(Failure::input("standard input can be read only once"));
        }
        io::stdin().lock().take(MOST_BYTES + 1).read_to_string(&mut text)
    } else {
        fs::File::open(file).and_then(|file| file.take(MOST_BYTES + 1).read_to_string(&mut text))
    };
    let read = read.map_err(|error| Failure::at(file, &error))?;
    if read as u64 > MOST_BYTES {
        return Err(Failure::input(format!("{file}: too large for a password or a key")));
    }
    Ok(Secret::new(text.as_str()))
}

/// Says what the user may not know of the way that secrets take, also to those who asked for quiet.
fn warn(address: &Address, security: &Security, credentials: &Credentials, progress: &Progress) {
    if security.trust == Trust::Anybody {
        progress
            .insist("warning: nobody checks whether the server is who it says (core.ssl_verify)");
    }
    let has_secrets = credentials.token.is_some() || credentials.login.is_some();
    let open = address.urls().iter().find(|url| url.scheme() == "http" && !is_loopback(url));
    if let Some(url) = open.filter(|_| has_secrets) {
        progress.insist(&format!("warning: credentials go to {url} in the clear"));
    }
}

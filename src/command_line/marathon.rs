//! From the arguments, the environment and the DC/OS CLI's configuration to a Marathon and what to
//! sign in to it with. What was said for one place goes to no other: the cluster's token and user
//! are for the cluster.

use std::fs::File;
use std::time::Duration;
use std::{env, io};

use camino::{Utf8Path, Utf8PathBuf};
use clap::Args;

use super::Failure;
use super::secret::secret_from;
use crate::marathon::{
    Address, ClientFiles, Cluster, Credentials, Login, Secret, Security, ServiceAccount, Trust,
    Withheld, is_loopback,
};

#[derive(Debug, Args)]
#[command(next_help_heading = "Marathon")]
#[expect(missing_docs, reason = "it would become the help of the command that has it")]
pub struct SignInArgs {
    /// Sign in as this user, or as this service account of DC/OS [env: DCOS_USERNAME]
    #[arg(long, value_name = "NAME")]
    pub username: Option<String>,

    /// The file with the user's password; - is standard input [env: DCOS_PASSWORD, the password
    /// itself]
    #[arg(long, value_name = "FILE", conflicts_with = "private_key")]
    pub password_file: Option<Utf8PathBuf>,

    /// The service account's private key: a PEM file, or the JSON that DC/OS keeps as its secret
    #[arg(long, value_name = "FILE")]
    pub private_key: Option<Utf8PathBuf>,

    /// Trust the authorities in this PEM file, and no others
    #[arg(long, value_name = "FILE")]
    pub ca_cert: Option<Utf8PathBuf>,

    /// Show this certificate (PEM) to servers that ask for one
    #[arg(long, value_name = "FILE", requires = "client_key")]
    pub client_cert: Option<Utf8PathBuf>,

    /// The private key of --client-cert
    #[arg(long, value_name = "FILE", requires = "client_cert")]
    pub client_key: Option<Utf8PathBuf>,
}

/// A Marathon as the command line means it.
pub struct Meant<'m> {
    /// Its URLs, if they are named.
    pub urls: Option<&'m str>,
    /// The variable that can name them, too.
    pub variable: &'static str,
    /// What to sign in with.
    pub sign_in: &'m SignInArgs,
    /// What standard input is for.
    pub stdin: Stdin,
    /// Told what the user may not know.
    pub tell: &'m dyn Fn(Notice<'_>),
}

/// What standard input is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stdin {
    /// A secret can be read from it.
    Free,
    /// It is read for something else.
    Taken,
}

/// What the user may not know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notice<'n> {
    /// Of interest.
    Note(&'n str),
    /// To be known even by those who asked for quiet.
    Alarm(&'n str),
}

/// What a client of Marathon is made with.
pub struct Reach {
    /// Where it is.
    pub address: Address,
    /// How connections are secured.
    pub security: Security,
    /// What to sign in with.
    pub credentials: Credentials,
    /// How long a call may take, where the DC/OS CLI's configuration says so.
    pub timeout: Option<Duration>,
}

impl Meant<'_> {
    /// Finds out all that is needed.
    ///
    /// # Errors
    /// No Marathon is named, or what there is to sign in with is of no use.
    pub fn reach(&self) -> Result<Reach, Failure> {
        let (address, cluster) = self.place()?;
        for warning in cluster.iter().flat_map(|cluster| &cluster.warnings) {
            (self.tell)(Notice::Note(&format!("warning: {warning}")));
        }
        let known = cluster.as_ref();
        let cluster = known.filter(|cluster| address.urls().iter().all(|url| cluster.owns(url)));
        let password = cluster.and_then(|_| variable("DCOS_PASSWORD")).map(Secret::new);
        let credentials = Credentials {
            token: cluster.and_then(|cluster| cluster.token.clone()),
            login: self.login(password)?,
            dcos_url: cluster.and_then(|cluster| cluster.url.clone()),
            withheld: if cluster.is_some() { Withheld::Nothing } else { withheld(known) },
        };
        let security = self.security(cluster);
        self.warn(&address, &security, &credentials);
        let timeout = cluster.and_then(|cluster| cluster.timeout);
        Ok(Reach { address, security, credentials, timeout })
    }

    /// Where Marathon is, and the cluster that the DC/OS CLI is attached to.
    fn place(&self) -> Result<(Address, Option<Cluster>), Failure> {
        let cluster = Cluster::attached(&variable);
        // An empty variable is one that is not set.
        if let Some(urls) = self.urls.filter(|urls| !urls.is_empty()) {
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
            None => Err(Failure::input("where is Marathon?").hint(format!(
                "name it with --marathon or {}, or attach the DC/OS CLI to a cluster",
                self.variable
            ))),
        }
    }

    fn security(&self, cluster: Option<&Cluster>) -> Security {
        let SignInArgs { ca_cert, client_cert, client_key, .. } = self.sign_in;
        let trust = match (ca_cert, cluster.and_then(|cluster| cluster.trust.clone())) {
            (Some(file), _) => Trust::Only(file.clone()),
            (None, Some(trust)) => trust,
            (None, None) => Trust::System,
        };
        let client = client_cert.clone().zip(client_key.clone());
        Security { trust, client: client.map(|(cert, key)| ClientFiles { cert, key }) }
    }

    /// What to sign in with. `password` is that of the environment, if it is for this place.
    fn login(&self, password: Option<Secret>) -> Result<Option<Login>, Failure> {
        let SignInArgs { username, password_file, private_key, .. } = self.sign_in;
        let user = username.clone().or_else(|| variable("DCOS_USERNAME"));
        if let Some(file) = private_key {
            let account = self.service_account(user.as_deref(), file)?;
            if let Some(name) = username.as_deref().filter(|name| *name != account.uid()) {
                let message = format!("{file} is of {}, and --username of {name}", account.uid());
                return Err(Failure::input(message).hint("leave out --username, or name the same"));
            }
            return Ok(Some(Login::ServiceAccount(account)));
        }
        let password = match password_file {
            Some(file) => Some(self.password_in(file)?),
            None => password,
        };
        match (user, password) {
            (Some(user), Some(password)) => Ok(Some(Login::Password { user, password })),
            (None, Some(_)) if password_file.is_some() => {
                Err(Failure::input("--password-file is of no use without --username"))
            }
            (Some(_), None) if username.is_some() => Err(Failure::input(
                "--username is of no use without --password-file or --private-key",
            )),
            _ => Ok(None),
        }
    }

    fn service_account(
        &self,
        user: Option<&str>,
        file: &Utf8Path,
    ) -> Result<ServiceAccount, Failure> {
        let text = self.secret(file)?;
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
    fn password_in(&self, file: &Utf8Path) -> Result<Secret, Failure> {
        let text = self.secret(file)?;
        let line = text.expose().strip_suffix('\n').unwrap_or(text.expose());
        Ok(Secret::new(line.strip_suffix('\r').unwrap_or(line)))
    }

    fn secret(&self, file: &Utf8Path) -> Result<Secret, Failure> {
        let text = if file == "-" {
            if self.stdin == Stdin::Taken {
                return Err(Failure::input("standard input can be read only once"));
            }
            secret_from(io::stdin().lock(), file)?
        } else {
            secret_from(File::open(file).map_err(|error| Failure::at(file, &error))?, file)?
        };
        Ok(Secret::new(text.as_str()))
    }

    /// Says what the user may not know of the way that secrets take.
    fn warn(&self, address: &Address, security: &Security, credentials: &Credentials) {
        if security.trust == Trust::Anybody {
            (self.tell)(Notice::Alarm(
                "warning: nobody checks whether the server is who it says (core.ssl_verify)",
            ));
        }
        let has_secrets = credentials.token.is_some() || credentials.login.is_some();
        let open = address.urls().iter().find(|url| url.scheme() == "http" && !is_loopback(url));
        if let Some(url) = open.filter(|_| has_secrets) {
            let words = format!("warning: credentials go to {url} in the clear");
            (self.tell)(Notice::Alarm(&words));
        }
    }
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

/// A variable of the environment. An empty one is one that is not set.
fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

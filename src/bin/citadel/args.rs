//! The arguments.

mod serve;

use std::time::Duration;

use camino::Utf8PathBuf;
use clap::{Args, Parser, Subcommand};
use clap_complete::Shell;
use marathon_inject::citadel::MIN_LEAF_TTL;
use marathon_inject::command_line::{Color, Failure, some_time};
use marathon_inject::identity::x509::{KeyKind, Organization};
use marathon_inject::identity::{SpiffeId, TrustDomain};
use marathon_inject::settings::Key;

pub(crate) use serve::{Attest, AttestArgs, ServeArgs, Tls};

const EXAMPLES: &str = "\
Examples:
  citadel init
  citadel bundle -o bundle-certs.tgz
  citadel bundle --marathon pods/ -o bundles/
  citadel verify bundle-certs.tgz && citadel inspect bundle-certs.tgz
  citadel serve --join-key join.key --marathon http://marathon:8080

Exit codes:
  0  done
  1  verify said no
  2  bad usage or bad input; nothing was written";

/// The certificate authority of a mesh on Marathon
///
/// Makes a self-signed root, certificate bundles for workloads (root-cert.pem, cert-chain.pem,
/// key.pem), and leads the mesh from one root to the next. Inspects and verifies what it or others
/// made.
#[derive(Debug, Parser)]
#[command(name = "citadel", version, after_help = EXAMPLES, disable_help_subcommand = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,

    /// Say nothing but errors and warnings
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,

    /// When to use colours
    #[arg(long, value_enum, default_value = "auto", global = true)]
    pub(crate) color: Color,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make a CA
    Init(InitArgs),
    /// Make the bundle of a workload, or those of all pods
    Bundle(BundleArgs),
    /// Show what a CA, bundle, certificate file or server holds
    Inspect(InspectArgs),
    /// Check a bundle: chain, key, identity, purpose, time
    Verify(VerifyArgs),
    /// Lead the mesh to a new root, in three steps; or let the present one live longer
    RotateRoot(RotateRootArgs),
    /// Sign for whoever can be attested: gRPC over TLS, for Istio's node agents and ours
    Serve(Box<ServeArgs>),
    /// Make the key that citadel serve and inject submit share, for the tokens of pods
    JoinKey(JoinKeyArgs),
    /// Print a shell's completions
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Print the manual page
    Man {
        /// The command whose page is wanted
        command: Option<String>,
    },
}

/// Which CA.
#[derive(Debug, Args)]
pub(crate) struct CaArgs {
    /// The directory of the CA
    #[arg(long, value_name = "DIR", default_value = "ca", env = "CITADEL_DIR")]
    pub(crate) dir: Utf8PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct InitArgs {
    #[command(flatten)]
    pub(crate) ca: CaArgs,

    /// The trust domain that the CA vouches for
    #[arg(long, value_name = "DOMAIN", default_value = "cluster.local")]
    pub(crate) trust_domain: TrustDomain,

    #[command(flatten)]
    pub(crate) authority: AuthorityArgs,
}

/// Where an authority comes from: made here, or from files of Citadel's kind.
#[derive(Debug, Args)]
pub(crate) struct AuthorityArgs {
    /// The organisation in the root's name [default: the trust domain]
    #[arg(long, value_name = "NAME")]
    pub(crate) org: Option<Organization>,

    /// How long the root lives, as 10y, 3650d or 87600h
    #[arg(long, value_name = "TIME", default_value = "87600h", value_parser = authority_life)]
    pub(crate) ttl: Duration,

    /// The kind of the key: p256 or rsa2048
    #[arg(long, value_name = "KIND", default_value_t)]
    pub(crate) key: KeyKind,

    /// Keep the root offline: the CA gets an intermediate that the root signs
    #[arg(long)]
    pub(crate) intermediate: bool,

    /// Where the offline root is, or is put if there is none [default: the CA's directory with
    /// -root behind]
    #[arg(long, value_name = "DIR", requires = "intermediate")]
    pub(crate) root_dir: Option<Utf8PathBuf>,

    /// How long the intermediate lives
    #[arg(
        long,
        value_name = "TIME",
        default_value = "8760h",
        requires = "intermediate",
        value_parser = authority_life
    )]
    pub(crate) intermediate_ttl: Duration,

    #[command(flatten)]
    pub(crate) files: Option<FileArgs>,
}

/// An authority of one's own, in files as Istio's Citadel takes them.
#[derive(Debug, Args)]
#[group(conflicts_with_all = ["org", "ttl", "key", "intermediate"])]
#[command(next_help_heading = "An authority of one's own, as Istio's Citadel takes it")]
pub(crate) struct FileArgs {
    /// The certificate that signs (PEM)
    #[arg(long, value_name = "FILE", required = false, requires_all = ["signing_key", "root_cert"])]
    pub(crate) signing_cert: Utf8PathBuf,

    /// Its key (PEM; PKCS#1, PKCS#8 or SEC1; RSA or EC)
    #[arg(long, value_name = "FILE", required = false, requires_all = ["signing_cert", "root_cert"])]
    pub(crate) signing_key: Utf8PathBuf,

    /// The root that peers are to trust (PEM)
    #[arg(long, value_name = "FILE", required = false, requires_all = ["signing_cert", "signing_key"])]
    pub(crate) root_cert: Utf8PathBuf,

    /// The certificates between the two, if there are any (PEM)
    #[arg(long, value_name = "FILE", requires = "signing_cert")]
    pub(crate) cert_chain: Option<Utf8PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct BundleArgs {
    #[command(flatten)]
    pub(crate) ca: CaArgs,

    /// Where to: an archive (.tgz, .tar.gz), a directory, or - for standard output; with --marathon
    /// a directory
    #[arg(short, long, value_name = "FILE|DIR|-")]
    pub(crate) output: Utf8PathBuf,

    /// For whom: spiffe://DOMAIN/ns/NAMESPACE/sa/SERVICE-ACCOUNT
    #[arg(long, value_name = "SPIFFE-ID", conflicts_with_all = ["namespace", "service_account"])]
    pub(crate) identity: Option<SpiffeId>,

    /// The namespace, if not by --identity [env: INJECT_NAMESPACE]
    #[arg(long, value_name = "NAMESPACE")]
    namespace: Option<String>,

    /// The service account, if not by --identity [env: INJECT_SERVICE_ACCOUNT]
    #[arg(long, value_name = "SERVICE-ACCOUNT")]
    service_account: Option<String>,

    /// How long the leaf lives, up to 90 days
    #[arg(long, value_name = "TIME", default_value = "24h", value_parser = some_time)]
    pub(crate) ttl: Duration,

    /// The kind of its key: p256 or rsa2048
    #[arg(long, value_name = "KIND", default_value_t)]
    pub(crate) key: KeyKind,

    /// The organisation in the leaf's subject [default: the subject is empty]
    #[arg(long, value_name = "NAME")]
    pub(crate) org: Option<Organization>,

    /// One bundle for each identity that the pods of these files have, and an index
    #[arg(long, value_name = "FILE|DIR|-", conflicts_with = "identity", num_args = 1..)]
    pub(crate) marathon: Vec<Utf8PathBuf>,

    /// The config file of inject, for the identity of pods whose labels name none [env:
    /// INJECT_CONFIG]
    #[arg(long, value_name = "FILE", requires = "marathon")]
    config: Option<Utf8PathBuf>,
}

/// What the environment of inject says too. It is read here, not by clap, to which a variable is a
/// flag: it would conflict with others, though nobody gave it for this run.
impl BundleArgs {
    /// What its flag, if it has one here, or else its variable says of a setting of injection.
    pub(crate) fn setting(&self, key: Key) -> Option<Given> {
        let flag = match key {
            Key::Namespace => self.namespace.clone(),
            Key::ServiceAccount => self.service_account.clone(),
            _ => None,
        };
        let given = |name| move |text| Given { name, text };
        let flag = flag.map(given(format!("--{}", key.name())));
        flag.or_else(|| variable(&key.variable()).map(given(key.variable())))
    }

    pub(crate) fn config(&self) -> Option<Utf8PathBuf> {
        let config = self.config.clone().or_else(|| variable("INJECT_CONFIG").map(Into::into));
        config.filter(|path| !path.as_str().is_empty())
    }
}

/// The text of a setting, and the flag or the variable that gave it.
pub(crate) struct Given {
    name: String,
    pub(crate) text: String,
}

impl Given {
    /// That it is no value of the setting.
    pub(crate) fn wrong(&self, error: &impl std::fmt::Display) -> Failure {
        Failure::input(format!("{}: invalid value {:?}: {error}", self.name, self.text))
    }
}

fn variable(name: &str) -> Option<String> {
    // What is no text has a character now that no name may have.
    std::env::var_os(name).map(|value| value.to_string_lossy().into_owned())
}

#[derive(Debug, Args)]
pub(crate) struct InspectArgs {
    /// What to look at: PEM files, a bundle as archive or directory, the directory of a CA, a
    /// server
    #[arg(value_name = "FILE|DIR|HOST:PORT")]
    pub(crate) subject: String,

    /// As JSON
    #[arg(long, conflicts_with = "pem")]
    pub(crate) json: bool,

    /// Only the certificates, as PEM; of a CA the roots
    #[arg(long)]
    pub(crate) pem: bool,
}

#[derive(Debug, Args)]
pub(crate) struct VerifyArgs {
    /// The bundle: an archive, or a directory with the three files or certs/ in it
    #[arg(value_name = "BUNDLE")]
    pub(crate) bundle: Utf8PathBuf,

    /// For whom it should be
    #[arg(long, value_name = "SPIFFE-ID")]
    pub(crate) identity: Option<SpiffeId>,

    /// The roots that it should lead to, instead of its own (PEM)
    #[arg(long, value_name = "FILE")]
    pub(crate) root_cert: Option<Utf8PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct RotateRootArgs {
    #[command(subcommand)]
    pub(crate) step: Step,
}

/// The steps, in order; and one for a root whose key stays.
#[derive(Debug, Subcommand)]
pub(crate) enum Step {
    /// Take in the next root: from now on bundles carry both
    Prepare {
        #[command(flatten)]
        ca: CaArgs,
        #[command(flatten)]
        authority: Box<AuthorityArgs>,
    },
    /// Sign with the next root, once every bundle that lacks it has ended
    Activate(StepArgs),
    /// Give up the old root, once every leaf of it has ended
    Retire(StepArgs),
    /// Take back prepare: the next root has signed nothing yet
    Cancel(CaArgs),
    /// Let the present root live longer, with a new certificate of the same key: one step, no
    /// waiting
    Renew {
        #[command(flatten)]
        ca: CaArgs,

        /// How long the root lives from now [default: as long as it was made to]
        #[arg(long, value_name = "TIME", value_parser = authority_life)]
        ttl: Option<Duration>,
    },
}

#[derive(Debug, Args)]
pub(crate) struct StepArgs {
    #[command(flatten)]
    pub(crate) ca: CaArgs,

    /// Do not wait: pods that would need the time are cut off
    #[arg(long)]
    pub(crate) force: bool,
}

#[derive(Debug, Args)]
pub(crate) struct JoinKeyArgs {
    /// The file to make; whoever can read it can let pods join
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Utf8PathBuf,
}

/// One that ends before any leaf could is of no use, and nothing can be made in its place.
fn authority_life(text: &str) -> Result<Duration, String> {
    match some_time(text)? {
        life if life < MIN_LEAF_TTL => {
            Err("it has to live at least as long as the shortest leaf, 1m".to_owned())
        }
        life => Ok(life),
    }
}

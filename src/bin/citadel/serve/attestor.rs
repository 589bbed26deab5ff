//! From the arguments to who decides who asks: Marathon, or a list of tokens.

use std::sync::Arc;

use camino::Utf8Path;
use marathon_inject::citadel::attest::{Attestor, FileFault, LIMITS, Policy, Rules, TokenList};
use marathon_inject::citadel::{Enrolments, OsDisk};
use marathon_inject::command_line::{Failure, Input, Meant, Notice, Reach, Stdin, secret};
use marathon_inject::identity::{JoinKey, TrustDomain};
use marathon_inject::marathon::Client;
use time::OffsetDateTime;
use tracing::{debug, info, warn};

use crate::args::{Attest, AttestArgs, ServeArgs};
use crate::report::{failure, unreadable};

/// Who decides. The list of the enrolled is held from now on.
pub(crate) fn attestor(
    args: &ServeArgs,
    trust_domain: &TrustDomain,
    now: OffsetDateTime,
) -> Result<Attestor, Failure> {
    let (dir, args) = (&args.ca.dir, &args.attest);
    let enrolments = || {
        Enrolments::open(dir, Arc::new(OsDisk), args.enrol_window, now)
            .map(Arc::new)
            .map_err(failure)
    };
    match args.attest {
        Attest::Static => {
            let tokens = tokens(args, trust_domain)?;
            Ok(Attestor::fixed(tokens, enrolments()?))
        }
        Attest::Marathon => {
            let (rules, client) = (rules(args, trust_domain)?, client(args)?);
            Ok(Attestor::marathon(client, rules, enrolments()?))
        }
    }
}

fn tokens(args: &AttestArgs, trust_domain: &TrustDomain) -> Result<TokenList, Failure> {
    let path = args.static_tokens.as_ref().ok_or_else(|| {
        Failure::input("--attest static: which tokens?").hint("name their list: --static-tokens")
    })?;
    parsed(path, |text| TokenList::parse(text, trust_domain))
}

fn rules(args: &AttestArgs, trust_domain: &TrustDomain) -> Result<Rules, Failure> {
    if args.join_key.is_empty() {
        return Err(Failure::input("--attest marathon: which key are join tokens made with?")
            .hint("make one with `citadel join-key -o FILE`, and name it with --join-key"));
    }
    let policy = args.policy.as_deref();
    let policy = policy.map(|path| parsed(path, |text| Policy::parse(text, trust_domain)));
    Ok(Rules {
        keys: args.join_key.iter().map(|path| join_key(path)).collect::<Result<_, _>>()?,
        trust_domain: trust_domain.clone(),
        naming: args.identities,
        policy: policy.transpose()?.unwrap_or_default(),
        source: args.source_address,
        window: args.enrol_window,
    })
}

fn join_key(path: &Utf8Path) -> Result<JoinKey, Failure> {
    JoinKey::parse(&secret(path)?).map_err(|error| Failure::input(format!("{path}: {error}")))
}

fn parsed<T>(path: &Utf8Path, parse: impl Fn(&str) -> Result<T, FileFault>) -> Result<T, Failure> {
    let source = Input::named(path).read().map_err(unreadable)?;
    parse(source.text()).map_err(|fault| Failure::input(format!("{path}:{fault}")))
}

fn client(args: &AttestArgs) -> Result<Client, Failure> {
    let meant = Meant {
        urls: args.marathon.as_deref(),
        variable: "CITADEL_MARATHON",
        sign_in: &args.sign_in,
        stdin: Stdin::Free,
        tell: &|notice| match notice {
            Notice::Note(words) => info!("{words}"),
            Notice::Alarm(words) => warn!("{words}"),
        },
    };
    let Reach { address, security, credentials, .. } = meant.reach()?;
    let on_retry = Box::new(|why: &str| debug!("asking Marathon again: {why}"));
    Client::new(address, &security, credentials, LIMITS, on_retry)
        .map_err(|error| Failure::input(error.to_string()))
}

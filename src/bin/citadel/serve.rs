//! `citadel serve`: from the arguments to the signing service, and what the signals mean to it.

mod attestor;

use std::io;
use std::num::{NonZeroU32, NonZeroUsize};
use std::sync::Arc;
use std::time::Duration;

use camino::Utf8Path;
use marathon_inject::citadel::service::{
    AuditLog, Lifetimes, Options, RootRenewal, Service, ServiceError, TlsMinimum,
};
use marathon_inject::citadel::{OsDisk, Signer};
use marathon_inject::command_line::Failure;
use marathon_inject::monitor;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use time::OffsetDateTime;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::Notify;

use crate::args::{ServeArgs, Tls};
use crate::report::{Report, failure};

/// How long what no request waits for may go on at the end.
const LAST: Duration = Duration::from_secs(1);

/// Serves until a signal ends it.
pub(crate) fn run(args: &ServeArgs, report: &Report, now: OffsetDateTime) -> Result<(), Failure> {
    monitor::log_to_stderr(&args.log)
        .map_err(|words| Failure::input(format!("--log {:?}: {words}", args.log)))?;
    raise_limit_of_files();
    let options = options(args)?;
    let signer = Signer::open(&args.ca.dir, Arc::new(OsDisk), now).map_err(failure)?;
    let attestor = attestor::attestor(args, signer.trust_domain(), now)?;
    let audit = Arc::new(audit_log(&args.audit_log)?);
    let service =
        Service::new(signer, attestor, audit, options, now).map_err(|error| match error {
            ServiceError::Ca(error) => failure(error),
            ServiceError::Serving(error) => Failure::input(error.to_string()),
        })?;
    let runtime = Runtime::new()?;
    let served = runtime.block_on(serve(service, args, report));
    runtime.shutdown_timeout(LAST);
    served
}

async fn serve(mut service: Service, args: &ServeArgs, report: &Report) -> Result<(), Failure> {
    let (listener, watched) = (bind(&args.listen).await?, bind(&args.metrics_listen).await?);
    // Before anybody knows that it listens: a signal then is heeded.
    let (hangup, stop) = (signal(SignalKind::hangup())?, Stop::new()?);
    let (registry, readiness) = service.monitored();
    report.done(&format!("metrics on {}", watched.local_addr()?));
    tokio::spawn(monitor::serve(watched, registry, readiness, std::future::pending()));
    let reload = Arc::new(Notify::new());
    tokio::spawn(pass_on(hangup, Arc::clone(&reload)));
    report.done(&format!("listening on {}", listener.local_addr()?));
    Ok(service.serve(listener, reload, stop.asked()).await?)
}

async fn bind(address: &str) -> Result<TcpListener, Failure> {
    TcpListener::bind(address).await.map_err(|error| Failure::at(address, &error))
}

async fn pass_on(mut hangup: Signal, to: Arc<Notify>) {
    while hangup.recv().await.is_some() {
        to.notify_one();
    }
}

/// The signals that end it.
struct Stop {
    terminate: Signal,
    interrupt: Signal,
}

impl Stop {
    fn new() -> io::Result<Self> {
        let (terminate, interrupt) = (SignalKind::terminate(), SignalKind::interrupt());
        Ok(Self { terminate: signal(terminate)?, interrupt: signal(interrupt)? })
    }

    async fn asked(mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

fn options(args: &ServeArgs) -> Result<Options, Failure> {
    let lifetimes =
        Lifetimes::new(args.workload_cert_ttl, args.max_workload_cert_ttl).map_err(|error| {
            Failure::input(format!("--workload-cert-ttl, --max-workload-cert-ttl: {error}"))
        })?;
    let limits = &args.limits;
    Ok(Options {
        names: args.grpc_host_identities.clone(),
        lifetimes,
        tls: match limits.tls_min {
            Tls::Tls12 => TlsMinimum::Tls12,
            Tls::Tls13 => TlsMinimum::Tls13,
        },
        root_renewal: match args.no_renew_root {
            true => RootRenewal::Manual,
            false => RootRenewal::Automatic,
        },
        connections: limits.max_connections,
        connections_per_address: NonZeroUsize::new(limits.max_connections_per_address),
        in_flight: limits.max_in_flight,
        sign_rate: NonZeroU32::new(limits.sign_rate),
        enrol_rate: NonZeroU32::new(limits.enrol_rate),
    })
}

fn audit_log(path: &Utf8Path) -> Result<AuditLog, Failure> {
    match path.as_str() {
        "-" => Ok(AuditLog::stdout()),
        _ => AuditLog::file(path).map_err(|error| Failure::at(path, &error)),
    }
}

/// Each connection is an open file, and the usual limit is meant for programs that have few.
fn raise_limit_of_files() {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    // What is not allowed leaves the limit as it was.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
}

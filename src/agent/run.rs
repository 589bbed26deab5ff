//! The agent as a whole.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use camino::Utf8PathBuf;
use time::OffsetDateTime;
use tokio::net::TcpListener;
use tokio::sync::{Notify, watch};
use tracing::{error, info};

use super::citadel::Citadel;
use super::files::{self, Files};
use super::metrics::Metrics;
use super::renewal::{Denied, Renewal, Wish};
use super::sds::{self, Socket, SocketError};
use super::served::Served;
use super::status::readiness;
use super::store::{Store, StoreError};
use super::subscription::follow;
use super::trust::Trust;
use super::workload::Workload;
use crate::monitor;

/// What an agent is to do.
#[derive(Debug)]
pub struct Config {
    /// Where Citadel is.
    pub citadel: Citadel,
    /// How it is known at first.
    pub trust: Trust,
    /// How certificates are asked for.
    pub wish: Wish,
    /// Where secrets are served, and who may have them.
    pub sds: Option<(Utf8PathBuf, Vec<u32>)>,
    /// Where the files are kept current.
    pub output_dir: Option<Utf8PathBuf>,
    /// Where is kept what the next start needs.
    pub state_dir: Utf8PathBuf,
    /// Where metrics and readiness are served.
    pub status: SocketAddr,
}

/// What tells a running agent to do something.
#[derive(Debug)]
pub struct Signals {
    /// Renew at once.
    pub renew: Arc<Notify>,
    /// Stop, once it says true.
    pub stop: watch::Receiver<bool>,
}

/// Why an agent ends that was not told to.
#[derive(Debug, thiserror::Error)]
pub enum AgentError {
    /// It cannot begin.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// It cannot begin.
    #[error(transparent)]
    Socket(#[from] SocketError),
    /// It cannot begin.
    #[error("{path}: {error}")]
    Output {
        /// The directory of the files.
        path: Utf8PathBuf,
        /// Why.
        error: io::Error,
    },
    /// It cannot begin.
    #[error("cannot listen on {address}: {error}")]
    Status {
        /// The address.
        address: SocketAddr,
        /// Why.
        error: io::Error,
    },
    /// It has nothing to begin with.
    #[error("there is no join token, and no certificate of an earlier run")]
    Nothing,
    /// There is nothing for it to do.
    #[error(transparent)]
    Denied(#[from] Denied),
}

/// Runs an agent until it is told to stop.
///
/// # Errors
/// It cannot begin, or Citadel denies this task a certificate.
pub async fn run(config: Config, signals: Signals) -> Result<(), AgentError> {
    let (metrics, registry) = Metrics::new();
    let served = Arc::new(Served::default());
    let store = Store::open(&config.state_dir)?;
    let output = config.output_dir.as_deref().map(|dir| {
        Files::open(dir).map_err(|error| AgentError::Output { path: dir.to_owned(), error })
    });
    let output = output.transpose()?;
    let socket = config.sds.map(|(path, uids)| Socket::bind(&path, uids)).transpose()?;
    let unheard = |error| AgentError::Status { address: config.status, error };
    let status = TcpListener::bind(config.status).await.map_err(unheard)?;
    info!("status on {}", status.local_addr().map_err(unheard)?);

    let workload = Workload::new(Arc::clone(&served), store, Arc::clone(&metrics), config.trust);
    workload.resume(config.wish.task.as_deref(), OffsetDateTime::now_utc()).await;
    if workload.credential().is_none() && config.wish.token.is_none() {
        return Err(AgentError::Nothing);
    }
    if let Some(files) = output {
        tokio::spawn(files::keep(files, Arc::clone(&served), Arc::clone(&metrics)));
    }
    if let Some(socket) = socket {
        let (served, metrics) = (Arc::clone(&served), Arc::clone(&metrics));
        tokio::spawn(sds::serve(socket, served, metrics, signals.stop.clone()));
    }
    let ready = readiness(Arc::clone(&served), Arc::clone(&metrics));
    let mut stopped = signals.stop.clone();
    let watched = monitor::serve(status, Arc::new(registry), ready, async move {
        // Whoever could say so has gone: that says it.
        let _ = stopped.wait_for(|stopped| *stopped).await;
    });
    tokio::spawn(async {
        if let Err(reason) = watched.await {
            error!("the status is not served any more: {reason}");
        }
    });
    tokio::spawn(follow(Arc::clone(&workload), served, config.citadel.clone()));
    tokio::spawn(ring(signals.renew, Arc::clone(&workload)));

    let renewal = Renewal { workload, citadel: config.citadel, wish: config.wish, metrics };
    let mut stop = signals.stop;
    tokio::select! {
        denied = renewal.run() => Ok(denied?),
        _ = stop.wait_for(|stopped| *stopped) => Ok(()),
    }
}

/// Passes on that a renewal is wanted.
async fn ring(wanted: Arc<Notify>, workload: Arc<Workload>) {
    loop {
        wanted.notified().await;
        info!("is told to renew");
        workload.renew.notify_one();
    }
}

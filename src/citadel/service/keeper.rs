//! What has to be looked after while the service serves: whether others have changed the CA, its
//! root, the certificate that the service shows, whether all is well, what can be forgotten.

use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::ServerConfig;
use time::OffsetDateTime;
use tokio::sync::{Notify, watch};
use tokio::task::spawn_blocking;
use tokio::time::{MissedTickBehavior, interval};
use tonic_health::ServingStatus;
use tonic_health::server::HealthReporter;
use tracing::{error, info, warn};

use super::issuance::Issuance;
use super::metrics::Metrics;
use super::serving::{TlsMinimum, server_config};
use super::{Options, RootRenewal, ServiceError};
use crate::citadel::signer::Signer;
use crate::identity::x509::{Certificate, rfc3339, time_left, to_pem};
use crate::proto::ca::istio_ca_service_server::SERVICE_NAME as CA_SERVICE;
use crate::proto::ca::istio_certificate_service_server::SERVICE_NAME as CERTIFICATE_SERVICE;

/// How often the directory is looked at.
const PACE: Duration = Duration::from_secs(1);

/// How long the service's own certificate lives. It is made anew at half of that.
const SERVING_TTL: Duration = Duration::from_secs(24 * 3600);

/// How long before a root ends somebody should see to the next one, and how often that is said.
const LATE: time::Duration = time::Duration::days(30);
const AGAIN: time::Duration = time::Duration::days(1);

/// The part of its life for which a root is late before it is renewed, by a clock that nobody sets:
/// nearly two hours of ten years. By a wall clock that is ahead, as until NTP has set it, the root
/// would get a certificate that has not begun when the clock is right.
const SURE: u32 = 50_000;

/// How long after a renewal of the root that failed the next one is tried.
const PAUSE: time::Duration = time::Duration::seconds(10);

/// Whose health is told: that of the whole, and of what it is there for.
const SERVICES: [&str; 3] = ["", CA_SERVICE, CERTIFICATE_SERVICE];

/// Whether all is well; if not, why.
type Standing = Result<(), String>;

/// Looks after it.
pub(super) struct Keeper {
    signer: Arc<Signer>,
    names: Vec<String>,
    minimum: TlsMinimum,
    metrics: Metrics,
    tls: watch::Sender<Arc<ServerConfig>>,
    roots: watch::Sender<String>,
    standing: watch::Sender<Standing>,
    /// As long as it is then, the service's certificate is not made anew.
    fresh: Range<OffsetDateTime>,
    /// When it was last said that a root ends.
    warned: Option<OffsetDateTime>,
    root_renewal: RootRenewal,
    /// Since when the root has been late, look after look.
    late: Option<Instant>,
    /// When the root could not be renewed last, and why.
    failed: Option<(OffsetDateTime, String)>,
}

impl Keeper {
    pub(super) fn new(
        signer: Arc<Signer>,
        options: &Options,
        metrics: Metrics,
        now: OffsetDateTime,
    ) -> Result<Self, ServiceError> {
        let (tls, fresh) = tls(&signer, &options.names, options.tls, &metrics, now)?;
        let keeper = Self {
            names: options.names.clone(),
            minimum: options.tls,
            tls: watch::Sender::new(tls),
            roots: watch::Sender::new(to_pem(signer.roots().iter())),
            standing: watch::Sender::new(Ok(())),
            fresh,
            warned: None,
            root_renewal: options.root_renewal,
            late: None,
            failed: None,
            metrics,
            signer,
        };
        keeper.metrics.serving.set(1);
        Ok(keeper)
    }

    /// What TLS is to be spoken with, as it changes.
    pub(super) fn tls(&self) -> watch::Receiver<Arc<ServerConfig>> {
        self.tls.subscribe()
    }

    /// The roots, PEM, as they change.
    pub(super) fn roots(&self) -> watch::Receiver<String> {
        self.roots.subscribe()
    }

    /// Whether all is well, as it changes.
    pub(super) fn standing(&self) -> watch::Receiver<Standing> {
        self.standing.subscribe()
    }

    /// Looks after all for ever: each second, and at each `reload`.
    pub(super) async fn keep(
        mut self,
        reload: Arc<Notify>,
        health: HealthReporter,
        issuance: Arc<Issuance>,
    ) {
        let mut ticks = interval(PACE);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = ticks.tick() => {}
                () = reload.notified() => issuance.reopen_audit(),
            }
            issuance.tidy();
            // The disk may be slow, and a signature of RSA takes its time.
            let kept = spawn_blocking(move || {
                self.look(OffsetDateTime::now_utc());
                self
            });
            self = match kept.await {
                Ok(keeper) => keeper,
                Err(error) => return error!(%error, "nobody looks after the service any more"),
            };
            let status = match *self.standing.borrow() {
                Ok(()) => ServingStatus::Serving,
                Err(_) => ServingStatus::NotServing,
            };
            for service in SERVICES {
                health.set_service_status(service, status).await;
            }
        }
    }

    /// Looks after all once.
    fn look(&mut self, now: OffsetDateTime) {
        let refreshed = self.signer.refresh(now);
        let root_renewed = refreshed.is_ok() && self.renew_root(now);
        let roots = self.signer.roots();
        let pem = to_pem(roots.iter());
        // Agents hear of a root before anything of it is shown.
        let changed = self.roots.send_if_modified(|known| {
            let changed = *known != pem;
            *known = pem;
            changed
        });
        if changed {
            info!(roots = roots.len(), "the roots have changed");
        }
        let news = root_renewed || matches!(refreshed, Ok(true));
        let stale = news || !self.fresh.contains(&now);
        let renewed = if stale { self.renew(now) } else { Ok(()) };
        let standing = refreshed.map(drop).map_err(ServiceError::from).and(renewed);
        self.stand(self.signs(now).and(standing.map_err(|error| error.to_string())));
        self.watch_roots(&roots, now);
    }

    /// Renews the root if that is due, and ours to do; whether it was.
    fn renew_root(&mut self, now: OffsetDateTime) -> bool {
        let Some(life) = self.signer.late_root(now) else {
            self.late = None;
            return false;
        };
        let is_sure = self.late.get_or_insert_with(Instant::now).elapsed() >= life / SURE;
        let pauses = self.failed.as_ref().is_some_and(|(at, _)| (now - *at).abs() < PAUSE);
        if self.root_renewal == RootRenewal::Manual || !is_sure || pauses {
            return false;
        }
        let renewed = self.signer.renew_root(now).map_err(|error| error.to_string());
        match &renewed {
            Ok(false) => {}
            Ok(true) => {
                let until = rfc3339(self.signer.ends_at());
                info!(%until, "the root is renewed: its key has a new certificate");
            }
            // Said once, for it can last for years.
            Err(why) if self.failed.as_ref().is_some_and(|(_, said)| said == why) => {}
            Err(why) => error!("the root is about to end, and cannot be renewed: {why}"),
        }
        self.failed = renewed.as_ref().err().map(|why| (now, why.clone()));
        renewed.unwrap_or(false)
    }

    /// Whether the CA can sign.
    fn signs(&self, now: OffsetDateTime) -> Standing {
        match self.signer.ends_at() {
            ends if ends < now => Err(format!("the CA has ended at {}", rfc3339(ends))),
            _ => Ok(()),
        }
    }

    /// Makes the certificate anew that the service shows; where that fails the old one stays.
    fn renew(&mut self, now: OffsetDateTime) -> Result<(), ServiceError> {
        let (tls, fresh) = tls(&self.signer, &self.names, self.minimum, &self.metrics, now)?;
        self.tls.send_replace(tls);
        info!(until = %rfc3339(fresh.end), "the service has a new certificate");
        self.fresh = fresh;
        Ok(())
    }

    fn stand(&self, standing: Standing) {
        self.metrics.serving.set(standing.is_ok().into());
        self.standing.send_if_modified(|known| {
            if *known == standing {
                return false;
            }
            match &standing {
                Ok(()) => info!("all is well again"),
                Err(why) => error!("{why}"),
            }
            *known = standing;
            true
        });
    }

    /// A mesh whose root ends unnoticed ends with it.
    fn watch_roots(&mut self, roots: &[Certificate], now: OffsetDateTime) {
        let Some(first) = roots.iter().map(Certificate::facts).min_by_key(|root| root.not_after)
        else {
            return;
        };
        self.metrics.root_expiry.set(first.not_after.unix_timestamp());
        let said = self.warned.is_some_and(|warned| (now - warned).abs() < AGAIN);
        if first.not_after - now < LATE && !said {
            let left = time_left(first.not_after, now);
            warn!("the root {}: {left}; renew it, or lead the mesh to a new one", first.subject);
            self.warned = Some(now);
        }
    }
}

/// What TLS is to be spoken with, and for how long: until half of its life is over, and not before
/// it has begun, as after a clock was set back.
fn tls(
    signer: &Signer,
    names: &[String],
    minimum: TlsMinimum,
    metrics: &Metrics,
    now: OffsetDateTime,
) -> Result<(Arc<ServerConfig>, Range<OffsetDateTime>), ServiceError> {
    let serving = signer.serving(names, SERVING_TTL, now)?;
    let config = server_config(&serving, &signer.roots(), minimum)?;
    let facts = serving.chain.first().map(Certificate::facts);
    let (begin, end) = facts.map_or((now, now), |leaf| (leaf.not_before, leaf.not_after));
    metrics.serving_expiry.set(end.unix_timestamp());
    Ok((config, begin..now + (end - now) / 2))
}

#[cfg(test)]
mod tests {
    use camino::Utf8Path;
    use prometheus_client::registry::Registry;

    use super::*;
    use crate::citadel::service::Lifetimes;
    use crate::citadel::{Citadel, OsDisk, Role};
    use crate::identity::TrustDomain;
    use crate::identity::x509::{Authority, AuthorityProfile, KeyKind};

    const HOUR: Duration = Duration::from_secs(3600);

    /// The keeper of a CA in this directory, which began some days before `now`.
    fn keeper(dir: &Utf8Path, now: OffsetDateTime) -> Keeper {
        let (organization, begin) = ("mesh".parse().unwrap(), now - 100 * HOUR);
        let ttl = 1000 * HOUR;
        let (key, path_len) = (KeyKind::P256, 0);
        let profile = AuthorityProfile { organization: &organization, ttl, key, path_len };
        let root = Authority::root(&profile, begin).unwrap();
        let (path, domain) = (dir.join("ca"), TrustDomain::default());
        Citadel::create(&path, domain, Role::Signing, &root, begin, &OsDisk).unwrap();
        let signer = Signer::open(&path, Arc::new(OsDisk), now).unwrap();
        let options = Options {
            names: vec!["istio-citadel".to_owned()],
            lifetimes: Lifetimes::new(HOUR, HOUR).unwrap(),
            tls: TlsMinimum::Tls12,
            root_renewal: RootRenewal::Automatic,
            connections: 1,
            connections_per_address: None,
            in_flight: 1,
            sign_rate: None,
            enrol_rate: None,
        };
        let metrics = Metrics::register(&mut Registry::default());
        Keeper::new(Arc::new(signer), &options, metrics, now).unwrap()
    }

    #[test]
    fn a_certificate_is_made_anew_at_half_of_its_life_and_when_it_has_not_begun_yet() {
        let dir = tempfile::tempdir().unwrap();
        let start = OffsetDateTime::now_utc();
        let mut keeper = keeper(Utf8Path::from_path(dir.path()).unwrap(), start);
        let mut tls = keeper.tls();
        let mut is_anew_at = |now| {
            keeper.look(now);
            let anew = tls.has_changed().unwrap();
            tls.mark_unchanged();
            anew
        };
        assert!(!is_anew_at(start + 11 * HOUR));
        assert!(is_anew_at(start + 13 * HOUR));
        assert!(!is_anew_at(start + 13 * HOUR - Duration::from_secs(60)), "it has begun");
        assert!(is_anew_at(start), "the clock was set back");
        assert!(!is_anew_at(start), "once");
    }

    #[test]
    fn a_clock_that_is_ahead_for_a_while_does_not_renew_the_root() {
        let dir = tempfile::tempdir().unwrap();
        let start = OffsetDateTime::now_utc();
        let mut keeper = keeper(Utf8Path::from_path(dir.path()).unwrap(), start);
        let root = keeper.signer.roots();
        for ahead in [850 * HOUR, 850 * HOUR + PACE] {
            assert!(keeper.signer.late_root(start + ahead).is_some());
            keeper.look(start + ahead);
            assert_eq!(keeper.signer.roots(), root);
        }
        keeper.look(start);
        assert!(keeper.late.is_none(), "it is as if that had not been");
    }
}

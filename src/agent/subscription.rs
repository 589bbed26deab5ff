//! The roots as Citadel tells them, so that they are there before a certificate needs them.

use std::sync::Arc;
use std::time::Duration;

use time::OffsetDateTime;
use tokio::time::sleep;
use tracing::{debug, info, warn};

use super::chance::chance;
use super::citadel::{Citadel, few};
use super::failure::Failure;
use super::roots::Roots;
use super::schedule::Backoff;
use super::served::Served;
use super::workload::Workload;
use crate::proto::roots::StreamRootsResponse;

/// A Citadel that tells no roots is asked again after this: it may have become another.
const UNIMPLEMENTED: Duration = Duration::from_secs(3600);

/// Follows the roots for ever, from the first certificate on: by that, those are known that
/// Citadel's connection is then trusted by.
pub(super) async fn follow(workload: Arc<Workload>, served: Arc<Served>, citadel: Citadel) {
    let mut snapshots = served.watch();
    if snapshots.wait_for(|now| now.credential.is_some()).await.is_err() {
        return;
    }
    let mut backoff = Backoff::default();
    loop {
        let wait = match listen(&workload, &citadel, &mut backoff).await {
            Ok(()) => backoff.next(chance()),
            Err(failure) if failure.is_unimplemented() => {
                info!("Citadel tells roots only with certificates");
                UNIMPLEMENTED
            }
            Err(failure) => {
                debug!("Citadel does not tell its roots: {failure}");
                backoff.next(chance())
            }
        };
        sleep(wait).await;
    }
}

async fn listen(
    workload: &Workload,
    citadel: &Citadel,
    backoff: &mut Backoff,
) -> Result<(), Failure> {
    let mut stream = citadel.roots(workload.trust(OffsetDateTime::now_utc())).await?;
    while let Some(message) = stream.message().await? {
        *backoff = Backoff::default();
        let now = OffsetDateTime::now_utc();
        match read(message, now) {
            Ok(roots) => workload.told(roots, now).await,
            Err(reason) => warn!("what Citadel tells is not taken: {reason}"),
        }
    }
    Ok(())
}

fn read(message: StreamRootsResponse, now: OffsetDateTime) -> Result<Roots, Failure> {
    Ok(Roots::parse(few("roots", message.root_certs)?.as_bytes(), now)?)
}

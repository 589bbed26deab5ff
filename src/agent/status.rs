//! Whether the workload has what it needs, for those who watch.

use std::sync::Arc;

use time::OffsetDateTime;

use super::metrics::Metrics;
use super::served::Served;
use crate::identity::x509::rfc3339;
use crate::monitor::Readiness;

/// Ready is who has a certificate that is valid, and roots.
pub(super) fn readiness(served: Arc<Served>, metrics: Arc<Metrics>) -> Readiness {
    Arc::new(move || {
        let (snapshot, now) = (served.snapshot(), OffsetDateTime::now_utc());
        let what = match &snapshot.credential {
            _ if snapshot.valid(now).is_some() && snapshot.roots.is_some() => return Ok(()),
            Some(ended) if ended.life().has_ended(now) => {
                format!("the certificate has ended at {}", rfc3339(ended.life().ends))
            }
            Some(later) => {
                let begins = rfc3339(later.life().begins);
                format!("the certificate begins at {begins}: the clock was set back")
            }
            None => "there is no certificate yet".to_owned(),
        };
        Err(match metrics.last_failure() {
            Some(reason) => format!("{what}: {reason}"),
            None => what,
        })
    })
}

//! Following a deployment to its end: look, judge, wait for news, and look again.

use std::time::{Duration, Instant};

use super::Client;
use super::error::Error;
use super::events::News;
use super::watch::{Seen, Verdict, Watch};

impl Client {
    /// Follows a deployment until there is a verdict. It has no end of its own: bound it.
    ///
    /// `poll` is how often to look at the least, `on_look` is told what was seen.
    ///
    /// # Errors
    /// Marathon cannot be reached any more, or refuses.
    pub async fn follow(
        &self,
        id: &str,
        watch: &mut Watch,
        news: &mut News,
        poll: Duration,
        mut on_look: impl FnMut(&Seen, &Watch),
    ) -> Result<Verdict, Error> {
        loop {
            // First the deployments: one that ends in between is seen to be over the next time.
            let deployments = self.deployments().await?;
            let seen = Seen { status: self.status(id).await?, deployments };
            for version in watch.to_compare(&seen) {
                let likeness = self.likeness(id, &version, watch.version()).await?;
                watch.compared(version, likeness);
            }
            let verdict = watch.see(&seen, Instant::now());
            on_look(&seen, watch);
            if let Some(verdict) = verdict {
                return Ok(verdict);
            }
            let settles = watch.settles_in(Instant::now()).unwrap_or(Duration::MAX);
            let _ = tokio::time::timeout(settles, news.of(id, poll)).await;
        }
    }
}

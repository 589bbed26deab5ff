//! The client: requests with credentials, over all the URLs of a Marathon, again and again where
//! that is safe.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use reqwest::{Method, Response, StatusCode};
use serde::de::DeserializeOwned;
use tokio::time::Instant;

use super::address::{Address, ApiPath};
use super::attempt::{Answered, Heard, Miss, Request, Sender};
use super::connection::{Http, Security};
use super::error::Error;
use super::sign_in::{Credentials, Pass, SignIn};

/// How long things may take.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// A single call, its answer included.
    pub call: Duration,
    /// All attempts at a call together, as long as Marathon does not answer or has no leader.
    pub patience: Duration,
    /// The same as long as nobody has answered yet, or only with pages that are none of Marathon's:
    /// a wrong address is no outage.
    pub first_contact: Duration,
}

const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Told whenever a call has to be tried again, with the reason.
pub type OnRetry = Box<dyn Fn(&str) + Send + Sync>;

/// A client of one Marathon.
pub struct Client {
    http: Http,
    address: Address,
    /// The URL that is used; those that fail are passed over.
    turn: AtomicUsize,
    contacted: AtomicBool,
    sign_in: SignIn,
    limits: Limits,
    on_retry: OnRetry,
}

/// What came of a write.
pub(super) enum Written {
    Answered(Answered),
    /// Nobody knows whether it was done.
    Perhaps(Miss),
}

/// What is asked, whichever URL gets it.
#[derive(Clone, Debug)]
pub(super) struct Call<'c> {
    pub(super) method: Method,
    pub(super) path: ApiPath,
    pub(super) query: &'c [(&'c str, &'c str)],
    pub(super) body: Option<&'c str>,
}

impl Call<'_> {
    pub(super) fn get(path: ApiPath) -> Self {
        Self { method: Method::GET, path, query: &[], body: None }
    }
}

impl fmt::Display for Call<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.path)
    }
}

impl Client {
    /// A client of the Marathon at `address`.
    ///
    /// # Errors
    /// The files for TLS cannot be used.
    pub fn new(
        address: Address,
        security: &Security,
        credentials: Credentials,
        limits: Limits,
        on_retry: OnRetry,
    ) -> Result<Self, Error> {
        Ok(Self {
            http: Http::new(security)?,
            address,
            turn: AtomicUsize::new(0),
            contacted: AtomicBool::new(false),
            sign_in: SignIn::new(credentials),
            limits,
            on_retry,
        })
    }

    /// Where Marathon is.
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// Reads something, however often that takes; none if Marathon says that it does not exist.
    pub(super) async fn read<T: DeserializeOwned>(
        &self,
        call: &Call<'_>,
    ) -> Result<Option<T>, Error> {
        let mut tries = self.tries();
        loop {
            let miss = match self.exchange(call).await? {
                Err(miss) => miss,
                Ok(answered) => match judge(call, answered)? {
                    Judged::Useless(miss) => miss,
                    Judged::Absent => return Ok(None),
                    Judged::Json(value) => return Ok(Some(value)),
                },
            };
            tries.pause(miss).await?;
        }
    }

    /// Writes something, as soon as there is a connection to send it through and nobody turns it
    /// away for now. It is heard once.
    pub(super) async fn write(&self, call: &Call<'_>) -> Result<Written, Error> {
        let mut tries = self.tries();
        loop {
            let miss = match self.exchange(call).await? {
                Err(miss) => miss,
                Ok(answered) => match trouble(&answered) {
                    Some(miss) => miss,
                    None => return Ok(Written::Answered(answered)),
                },
            };
            if miss.heard == Heard::Perhaps {
                return Ok(Written::Perhaps(miss));
            }
            tries.pause(miss).await?;
        }
    }

    /// Opens the stream of events; none if that fails, for nobody depends on it.
    pub(super) async fn stream(&self, path: ApiPath, query: &[(&str, &str)]) -> Option<Response> {
        let pass = self.sign_in.pass().await;
        let url = self.address.api(self.turn.load(Ordering::Relaxed), &path, query);
        let opened = self.sender(&pass).open(&url).await;
        opened.ok().filter(|response| response.status() == StatusCode::OK)
    }

    /// One request and its answer, after signing in if that is asked for.
    async fn exchange(&self, call: &Call<'_>) -> Result<Result<Answered, Miss>, Error> {
        let pass = self.sign_in.pass().await;
        let exchanged = self.once(call, &pass).await;
        let exchanged = match exchanged {
            Ok(answered) if answered.answer.status == StatusCode::UNAUTHORIZED => {
                let renewed = self.sign_in.renew(&self.http, self.limits.call, &pass, &answered);
                match renewed.await? {
                    Ok(()) => self.once(call, &self.sign_in.pass().await).await,
                    // What was refused was not done.
                    Err(miss) => Err(Miss { heard: Heard::No, ..miss }),
                }
            }
            exchanged => exchanged,
        };
        match exchanged {
            Ok(answered) if answered.answer.status == StatusCode::UNAUTHORIZED => {
                let why = "does not accept the credentials".to_owned();
                Err(Error::Unauthorized { url: answered.url.to_string(), why })
            }
            exchanged => Ok(exchanged),
        }
    }

    async fn once(&self, call: &Call<'_>, pass: &Pass) -> Result<Answered, Miss> {
        let turn = self.turn.load(Ordering::Relaxed);
        let url = self.address.api(turn, &call.path, call.query);
        let body = call.body.map(str::to_owned);
        let request = Request { method: call.method.clone(), url, body };
        let answered = self.sender(pass).send(&request).await;
        if !self.contacted.load(Ordering::Relaxed)
            && answered.as_ref().is_ok_and(|answered| !answered.answer.is_foreign())
        {
            self.contacted.store(true, Ordering::Relaxed);
        }
        if !answered.as_ref().is_ok_and(|answered| !answered.answer.status.is_server_error()) {
            self.pass_over(turn);
        }
        answered
    }

    /// The URL after that of `turn` may be better. Of several calls that fail together only the
    /// first goes on to it; otherwise they would come round to the one that fails.
    fn pass_over(&self, turn: usize) {
        let _ = self.turn.compare_exchange(turn, turn + 1, Ordering::Relaxed, Ordering::Relaxed);
    }

    fn sender(&self, pass: &Pass) -> Sender<'_> {
        Sender {
            http: &self.http,
            address: &self.address,
            pass: pass.header.clone(),
            timeout: self.limits.call,
        }
    }

    /// Why there is no answer of use; that may be a proxy's doing.
    fn told(&self, miss: &Miss) -> String {
        match self.http.proxy(&miss.url) {
            Some(proxy) => format!("{}, through the proxy {proxy}", miss.why),
            None => miss.why.clone(),
        }
    }

    /// The attempts at a call, or at something that takes several of them.
    pub(super) fn tries(&self) -> Tries<'_> {
        let pauses = ExponentialBuilder::default()
            .with_min_delay(FIRST_PAUSE)
            .with_max_delay(LONGEST_PAUSE)
            .with_jitter()
            .without_max_times();
        let untried = self.address.urls().len() - 1;
        Tries { client: self, began: Instant::now(), pauses: pauses.build(), untried }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("address", &self.address).finish_non_exhaustive()
    }
}

/// What an answer to a read is worth.
enum Judged<T> {
    Json(T),
    Absent,
    /// The server has trouble of its own, or the answer is not what Marathon sends.
    Useless(Miss),
}

fn judge<T: DeserializeOwned>(call: &Call<'_>, answered: Answered) -> Result<Judged<T>, Error> {
    if let Some(miss) = trouble(&answered) {
        return Ok(Judged::Useless(miss));
    }
    let Answered { answer, url, .. } = answered;
    let status = answer.status;
    if status.is_success() {
        return Ok(answer.json().map_or_else(|| Judged::Useless(Miss::foreign(url)), Judged::Json));
    }
    // A proxy that knows nothing of Marathon says 404, too.
    if status == StatusCode::NOT_FOUND && answer.json::<serde_json::Value>().is_some() {
        return Ok(Judged::Absent);
    }
    Err(Error::refused(call.to_string(), answer.refusal()))
}

/// The trouble of its own that a server tells of; none where it answers what it was asked.
fn trouble(answered: &Answered) -> Option<Miss> {
    let Answered { answer, url, .. } = answered;
    let heard = match answer.status {
        StatusCode::TOO_MANY_REQUESTS => Heard::TurnedAway,
        StatusCode::REQUEST_TIMEOUT => Heard::Perhaps,
        status if status.is_server_error() => Heard::Perhaps,
        _ => return None,
    };
    let why = format!("{} ({})", answer.refusal().message, answer.status.as_u16());
    Some(Miss { heard, url: url.clone(), why })
}

/// Attempts, with pauses between them that grow, until patience ends.
pub(super) struct Tries<'c> {
    client: &'c Client,
    began: Instant,
    pauses: ExponentialBackoff,
    /// The URLs that are still to be tried, whatever patience says.
    untried: usize,
}

impl Tries<'_> {
    /// Waits before the next attempt.
    ///
    /// # Errors
    /// There has been enough waiting.
    pub(super) async fn pause(&mut self, miss: Miss) -> Result<(), Error> {
        let contacted = self.client.contacted.load(Ordering::Relaxed);
        let limits = &self.client.limits;
        let patience = if contacted { limits.patience } else { limits.first_contact };
        let pause = self.pauses.next().unwrap_or(LONGEST_PAUSE);
        let is_untried = self.untried > 0;
        let why = self.client.told(&miss);
        if !is_untried && self.began.elapsed() + pause > patience {
            return Err(Error::Unreachable { url: miss.url.to_string(), why });
        }
        self.untried = self.untried.saturating_sub(1);
        (self.client.on_retry)(&format!("{}: {why}", miss.url));
        // A URL at which nobody is needs no time to recover before the next one is tried.
        if !(is_untried && miss.heard == Heard::No) {
            tokio::time::sleep(pause).await;
        }
        Ok(())
    }
}

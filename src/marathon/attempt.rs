//! One request and its answer, or why there is none and whether the request may have been heard.

use std::time::Duration;

use reqwest::header::{
    AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue, LOCATION, WWW_AUTHENTICATE,
};
use reqwest::{Method, Response, StatusCode};
use url::Url;

use super::address::Address;
use super::answer::Answer;
use super::connection::{Http, innermost};

/// The largest answer that is read, in bytes: far above the deployments of any real cluster.
const MOST_BYTES: usize = 64 * 1024 * 1024;

/// The most redirects that are followed: from a proxy to the master, from that to its leader.
const MOST_REDIRECTS: usize = 4;

/// What is asked of Marathon.
pub(super) struct Request {
    pub(super) method: Method,
    pub(super) url: Url,
    /// The JSON that is sent. It goes with its length, for a standby drops chunked bodies
    /// (Marathon LeaderProxyFilter).
    pub(super) body: Option<String>,
}

/// Why there is no answer.
#[derive(Clone, Debug)]
pub(super) struct Miss {
    pub(super) heard: Heard,
    pub(super) url: Url,
    pub(super) why: String,
}

/// Whether a request that got no answer of use may have been heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Heard {
    /// There was no connection to send it through.
    No,
    /// It was not done, for there were too many (RFC 6585 §4).
    TurnedAway,
    /// It was sent, or part of it.
    Perhaps,
}

/// An answer, and what a 401 asks for.
pub(super) struct Answered {
    pub(super) answer: Answer,
    pub(super) url: Url,
    /// `WWW-Authenticate`.
    pub(super) challenge: String,
    /// Whether the credentials went with the request, or were kept back from an unknown place.
    pub(super) trusted: bool,
}

/// Sends requests to one Marathon.
pub(super) struct Sender<'a> {
    pub(super) http: &'a Http,
    pub(super) address: &'a Address,
    pub(super) pass: Option<HeaderValue>,
    pub(super) timeout: Duration,
}

impl Sender<'_> {
    /// Sends a request and reads the answer to its end.
    pub(super) async fn send(&self, request: &Request) -> Result<Answered, Miss> {
        let read = async {
            let (response, trusted) = self.head(request, "application/json").await?;
            let (status, headers) = (response.status(), response.headers().clone());
            let url = response.url().clone();
            let body = whole(response).await?;
            let deployment = text(&headers, "marathon-deployment-id");
            let challenge = text(&headers, WWW_AUTHENTICATE.as_str()).unwrap_or_default();
            Ok(Answered { answer: Answer { status, deployment, body }, url, challenge, trusted })
        };
        self.within(&request.url, read).await
    }

    /// Sends a request for events, whose answer has no end; the time is that until it begins.
    pub(super) async fn open(&self, url: &Url) -> Result<Response, Miss> {
        let request = Request { method: Method::GET, url: url.clone(), body: None };
        let opened = async { Ok(self.head(&request, "text/event-stream").await?.0) };
        self.within(url, opened).await
    }

    async fn within<T>(
        &self,
        url: &Url,
        sent: impl Future<Output = Result<T, Miss>>,
    ) -> Result<T, Miss> {
        tokio::time::timeout(self.timeout, sent).await.unwrap_or_else(|_| {
            let why = format!("no answer within {}", humantime::format_duration(self.timeout));
            Err(Miss { heard: Heard::Perhaps, url: url.clone(), why })
        })
    }

    /// The beginning of the answer, after all redirects.
    async fn head(&self, request: &Request, accept: &str) -> Result<(Response, bool), Miss> {
        let mut url = request.url.clone();
        for _ in 0..=MOST_REDIRECTS {
            let trusted = self.address.trusts(&url);
            let response = self.once(request, &url, accept, trusted).await?;
            match next(request, &response) {
                // What is sent may hold secrets, too.
                Some(to) if request.body.is_some() && !self.address.trusts(&to) => {
                    let why =
                        format!("redirects to {to}, which is none of the URLs that were named");
                    return Err(Miss { heard: Heard::No, url, why });
                }
                Some(to) => url = to,
                None => return Ok((response, trusted)),
            }
        }
        let why = "redirected in circles".to_owned();
        Err(Miss { heard: Heard::No, url, why })
    }

    async fn once(
        &self,
        request: &Request,
        url: &Url,
        accept: &str,
        trusted: bool,
    ) -> Result<Response, Miss> {
        let mut sending = self.http.request(request.method.clone(), url.clone());
        sending = sending.header("accept", accept);
        if let Some(pass) = self.pass.as_ref().filter(|_| trusted) {
            sending = sending.header(AUTHORIZATION, pass);
        }
        if let Some(body) = &request.body {
            sending = sending.header(CONTENT_TYPE, "application/json").body(body.clone());
        }
        sending.send().await.map_err(|error| Miss::of(&error, url))
    }
}

/// Where a redirect leads. The method is kept: a write that was redirected was not done, and a GET
/// in its place (RFC 9110 §15.4.4) would not do it.
fn next(request: &Request, response: &Response) -> Option<Url> {
    let status = response.status();
    let elsewhere = [
        StatusCode::MOVED_PERMANENTLY,
        StatusCode::FOUND,
        StatusCode::TEMPORARY_REDIRECT,
        StatusCode::PERMANENT_REDIRECT,
    ];
    let followed = elsewhere.contains(&status)
        || status == StatusCode::SEE_OTHER && request.method == Method::GET;
    let to = response.headers().get(LOCATION).filter(|_| followed)?;
    let to = response.url().join(to.to_str().ok()?).ok()?;
    matches!(to.scheme(), "http" | "https").then_some(to)
}

async fn whole(mut response: Response) -> Result<Vec<u8>, Miss> {
    let url = response.url().clone();
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| Miss::of(&error, &url))? {
        if body.len() + chunk.len() > MOST_BYTES {
            let limit = MOST_BYTES / (1024 * 1024);
            let why = format!("the answer is larger than {limit} MiB");
            return Err(Miss { heard: Heard::Perhaps, url, why });
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    Some(headers.get(name)?.to_str().ok()?.to_owned())
}

impl Miss {
    fn of(error: &reqwest::Error, url: &Url) -> Self {
        let heard = if error.is_connect() { Heard::No } else { Heard::Perhaps };
        Self { heard, url: url.clone(), why: innermost(error) }
    }

    /// A success that says nothing, or nothing that Marathon says.
    pub(super) fn foreign(url: Url) -> Self {
        Self::answered(url, "the answer is not what Marathon sends".to_owned())
    }

    /// An answer that is of no use: a server's trouble, or no JSON.
    pub(super) fn answered(url: Url, why: String) -> Self {
        Self { heard: Heard::Perhaps, url, why }
    }
}

//! Signing in: what to show a server that asks who we are.

use std::time::{Duration, SystemTime};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use reqwest::header::HeaderValue;
use reqwest::{Method, StatusCode};
use serde::Deserialize;
use serde_json::json;
use tokio::sync::Mutex;
use url::Url;
use zeroize::Zeroizing;

use super::address::Address;
use super::attempt::{Answered, Miss, Request, Sender};
use super::connection::Http;
use super::error::Error;
use super::{Secret, ServiceAccount};

/// Who we are.
#[derive(Debug, Default)]
pub struct Credentials {
    /// An authentication token of DC/OS.
    pub token: Option<Secret>,
    /// What to sign in with where there is no token, or it has expired.
    pub login: Option<Login>,
    /// The URL of the cluster, where Marathon's own does not tell it.
    pub dcos_url: Option<Url>,
    /// What there would be for another place.
    pub withheld: Withheld,
}

/// Credentials that are known and not for this place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Withheld {
    /// There are none.
    #[default]
    Nothing,
    /// Those of a DC/OS cluster, which this place is not known to be of.
    OfCluster,
}

/// What to sign in with.
#[derive(Debug)]
pub enum Login {
    /// For HTTP basic, or for a user of DC/OS.
    Password {
        /// The user.
        user: String,
        /// The password.
        password: Secret,
    },
    /// For a service of DC/OS.
    ServiceAccount(ServiceAccount),
}

/// What is shown at present, and how to get another.
pub(super) struct SignIn {
    credentials: Credentials,
    shown: Mutex<Pass>,
}

/// The value of `Authorization`, and how many there were before it.
#[derive(Clone)]
pub(super) struct Pass {
    pub(super) header: Option<HeaderValue>,
    turn: usize,
}

/// How a server wants to be told who we are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Challenge {
    Basic,
    /// `acsjwt` or `oauthjwt` of DC/OS's Admin Router.
    Dcos,
    Other,
}

/// How to get a pass.
enum Way<'l> {
    /// It is made of what is known.
    Show(Option<HeaderValue>),
    /// DC/OS has to be asked for a token.
    SignIn(&'l Login),
}

#[derive(Deserialize)]
struct Token {
    token: Secret,
}

impl SignIn {
    pub(super) fn new(credentials: Credentials) -> Self {
        let header = credentials.token.as_ref().and_then(of_token);
        Self { credentials, shown: Mutex::new(Pass { header, turn: 0 }) }
    }

    /// What to show now.
    pub(super) async fn pass(&self) -> Pass {
        self.shown.lock().await.clone()
    }

    /// Another pass than the one that was refused. Of several requests that were refused together
    /// the first one signs in. Where to do that may be out of reach for a while; that is a miss.
    pub(super) async fn renew(
        &self,
        http: &Http,
        timeout: Duration,
        refused: &Pass,
        answered: &Answered,
    ) -> Result<Result<(), Miss>, Error> {
        let mut shown = self.shown.lock().await;
        if shown.turn != refused.turn {
            return Ok(Ok(()));
        }
        let header = match self.way(refused, answered)? {
            Way::Show(header) => header,
            Way::SignIn(login) => {
                match sign_in(http, timeout, &self.login_url(&answered.url), login).await? {
                    Ok(token) => of_token(&token),
                    Err(miss) => return Ok(Err(miss)),
                }
            }
        };
        *shown = Pass { header, turn: shown.turn + 1 };
        Ok(Ok(()))
    }

    /// How to get another pass than the one that was refused.
    fn way(&self, refused: &Pass, answered: &Answered) -> Result<Way<'_>, Error> {
        let url = &answered.url;
        let denied =
            |why: &str| Err(Error::Unauthorized { url: url.to_string(), why: why.to_owned() });
        if !answered.trusted {
            return denied("asks for credentials, but was only redirected to");
        }
        match (challenge(&answered.challenge), &self.credentials.login) {
            (_, None) if refused.header.is_some() => {
                denied("does not accept the token: it may have expired")
            }
            (_, None) if self.credentials.withheld == Withheld::OfCluster => {
                Err(Error::Withheld { url: url.to_string() })
            }
            (_, None) => denied("asks for credentials, and there are none"),
            (Challenge::Basic, Some(Login::Password { user, password })) => {
                match basic(user, password) {
                    header if header == refused.header => {
                        denied("does not accept the user and password")
                    }
                    header => Ok(Way::Show(header)),
                }
            }
            (Challenge::Basic, Some(Login::ServiceAccount(_))) => {
                denied("asks for a user and a password")
            }
            (Challenge::Other, Some(_)) if self.credentials.dcos_url.is_none() => {
                denied("asks for credentials, but does not say of which kind")
            }
            (_, Some(login)) => Ok(Way::SignIn(login)),
        }
    }

    /// Where to sign in (DC/OS IAM API).
    fn login_url(&self, asked: &Url) -> Url {
        let mut url = self.credentials.dcos_url.clone().unwrap_or_else(|| cluster_of(asked));
        url.set_query(None);
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(["acs", "api", "v1", "auth", "login"]);
        }
        url
    }
}

/// The cluster whose Admin Router a URL goes through: what is before `/service/`.
fn cluster_of(url: &Url) -> Url {
    let mut cluster = url.clone();
    let before = url.path().split_once("/service/").map_or("", |(before, _)| before);
    cluster.set_path(before);
    cluster
}

fn challenge(header: &str) -> Challenge {
    let scheme = header.split([' ', ',']).next().unwrap_or_default().to_ascii_lowercase();
    match scheme.as_str() {
        "basic" => Challenge::Basic,
        "acsjwt" | "oauthjwt" => Challenge::Dcos,
        _ => Challenge::Other,
    }
}

fn of_token(token: &Secret) -> Option<HeaderValue> {
    sensitive(&Zeroizing::new(format!("token={}", token.expose())))
}

/// RFC 7617 §2.
fn basic(user: &str, password: &Secret) -> Option<HeaderValue> {
    let pair = Zeroizing::new(format!("{user}:{}", password.expose()));
    sensitive(&Zeroizing::new(format!("Basic {}", BASE64_STANDARD.encode(pair.as_bytes()))))
}

fn sensitive(text: &str) -> Option<HeaderValue> {
    let mut header = HeaderValue::from_str(text).ok()?;
    header.set_sensitive(true);
    Some(header)
}

/// Gets a token of DC/OS.
async fn sign_in(
    http: &Http,
    timeout: Duration,
    at: &Url,
    login: &Login,
) -> Result<Result<Secret, Miss>, Error> {
    let denied = |why: String| Error::Unauthorized { url: at.to_string(), why };
    let (who, body) = match login {
        Login::Password { user, password } => {
            (user.as_str(), json!({"uid": user, "password": password.expose()}))
        }
        Login::ServiceAccount(account) => {
            let token = account.login_token(SystemTime::now());
            let token = token.map_err(|error| denied(error.to_string()))?;
            (account.uid(), json!({"uid": account.uid(), "token": token.expose()}))
        }
    };
    let address = Address::from(at.clone());
    let sender = Sender { http, address: &address, pass: None, timeout };
    let request = Request { method: Method::POST, url: at.clone(), body: Some(body.to_string()) };
    let (answer, url) = match sender.send(&request).await {
        Ok(answered) => (answered.answer, answered.url),
        Err(miss) => return Ok(Err(miss)),
    };
    match answer.json::<Token>() {
        Some(token) if answer.status == StatusCode::OK => Ok(Ok(token.token)),
        _ if answer.status.is_server_error() => {
            Ok(Err(Miss::answered(url, answer.refusal().message)))
        }
        _ if answer.status == StatusCode::UNAUTHORIZED => {
            Err(denied(format!("does not let {who} sign in")))
        }
        _ => Err(denied(format!("gives no token, but {}", answer.status))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    fn login_url(dcos_url: Option<&str>, asked: &str) -> String {
        let credentials = Credentials { dcos_url: dcos_url.map(url), ..Credentials::default() };
        SignIn::new(credentials).login_url(&url(asked)).to_string()
    }

    #[test]
    fn the_way_to_sign_in_is_told_by_the_scheme_of_the_challenge() {
        let cases = [
            ("Basic realm=\"Mesosphere\"", Challenge::Basic),
            ("basic", Challenge::Basic),
            ("acsjwt", Challenge::Dcos),
            ("oauthjwt, Basic", Challenge::Dcos),
            ("Negotiate", Challenge::Other),
            ("", Challenge::Other),
        ];
        for (header, expected) in cases {
            assert_eq!(challenge(header), expected, "{header}");
        }
    }

    #[test]
    fn one_signs_in_at_the_cluster_that_the_service_belongs_to() {
        assert_eq!(
            login_url(None, "https://m/service/marathon/v2/pods?force=true"),
            "https://m/acs/api/v1/auth/login"
        );
        assert_eq!(
            login_url(None, "https://m:8443/dcos/service/team/marathon/v2/info"),
            "https://m:8443/dcos/acs/api/v1/auth/login"
        );
        assert_eq!(login_url(None, "http://m:8080/v2/info"), "http://m:8080/acs/api/v1/auth/login");
    }

    #[test]
    fn one_signs_in_where_the_cluster_is_said_to_be() {
        assert_eq!(
            login_url(Some("https://cluster/dcos/"), "https://elsewhere/service/marathon/v2/info"),
            "https://cluster/dcos/acs/api/v1/auth/login"
        );
    }

    #[test]
    fn no_header_shows_what_is_in_it() {
        let secret = Secret::new("hunter2");
        let headers = [of_token(&secret), basic("me", &secret)].map(Option::unwrap);
        assert_eq!(headers[0], "token=hunter2");
        assert_eq!(headers[1], "Basic bWU6aHVudGVyMg==");
        assert_eq!(format!("{headers:?}"), "[Sensitive, Sensitive]");
    }
}

//! Who may ask: anybody, people with a password, or whoever signed in to DC/OS.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// How callers prove who they are.
#[derive(Clone, Default)]
pub(crate) enum Access {
    /// Nobody has to.
    #[default]
    Open,
    /// `--http_credentials`.
    Basic { user: String, password: String },
    /// Behind the Admin Router of DC/OS, below `/service/marathon`.
    DcOs(DcOs),
}

impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Open => "Open",
            Self::Basic { .. } => "Basic(..)",
            Self::DcOs(_) => "DcOs(..)",
        })
    }
}

/// The accounts of a DC/OS cluster.
#[derive(Clone, Default)]
pub(crate) struct DcOs {
    /// Passwords by user.
    pub(super) users: BTreeMap<String, String>,
    /// Public keys by service account: SPKI in PEM.
    pub(super) service_accounts: BTreeMap<String, String>,
    /// Pods that nobody may touch.
    pub(super) forbidden: BTreeSet<String>,
    /// For how many requests a token lasts.
    pub(super) lasts: Option<usize>,
}

impl DcOs {
    /// Somebody with a password.
    pub(crate) fn user(mut self, uid: &str, password: &str) -> Self {
        self.users.insert(uid.to_owned(), password.to_owned());
        self
    }

    /// A service account with its public key, SPKI in PEM.
    pub(crate) fn service_account(mut self, uid: &str, public_key: &str) -> Self {
        self.service_accounts.insert(uid.to_owned(), public_key.to_owned());
        self
    }

    /// A pod that is answered with 403.
    pub(crate) fn forbidden(mut self, pod: &str) -> Self {
        self.forbidden.insert(pod.to_owned());
        self
    }

    /// Tokens last for so many requests.
    pub(crate) fn tokens_last(self, requests: usize) -> Self {
        Self { lasts: Some(requests), ..self }
    }
}

/// Who is signed in, and who signed in before.
pub(super) struct Sessions {
    access: Access,
    /// What is left of each token.
    tokens: BTreeMap<String, Option<usize>>,
    sign_ins: Vec<String>,
}

impl fmt::Debug for Sessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sessions").field("sign_ins", &self.sign_ins).finish_non_exhaustive()
    }
}

impl Sessions {
    pub(super) fn new(access: Access) -> Self {
        Self { access, tokens: BTreeMap::new(), sign_ins: Vec::new() }
    }

    pub(super) fn access(&self) -> &Access {
        &self.access
    }

    /// The users who signed in, in their order.
    pub(super) fn sign_ins(&self) -> &[String] {
        &self.sign_ins
    }

    /// Somebody has proved who they are.
    pub(super) fn sign_in(&mut self, uid: &str, token: String) {
        self.sign_ins.push(uid.to_owned());
        self.admit(token);
    }

    /// Makes a token valid.
    pub(super) fn admit(&mut self, token: String) {
        let lasts = if let Access::DcOs(dcos) = &self.access { dcos.lasts } else { None };
        self.tokens.insert(token, lasts);
    }

    /// No token is valid any more.
    pub(super) fn revoke(&mut self) {
        self.tokens.clear();
    }

    /// Refuses a request, if its caller may not make it.
    pub(super) fn refusal(&mut self, headers: &HeaderMap, path: &str) -> Option<Response> {
        let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        match &self.access {
            Access::Open => None,
            Access::Basic { user, password } => {
                let expected = format!("Basic {}", STANDARD.encode(format!("{user}:{password}")));
                let asks = "Basic realm=\"Mesosphere\"";
                (given != Some(expected.as_str())).then(|| unauthorized(asks))
            }
            Access::DcOs(dcos) => {
                let forbidden = dcos.forbidden.iter().any(|pod| touches(path, pod));
                let token = given.and_then(|given| given.strip_prefix("token="));
                if !token.is_some_and(|token| uses(&mut self.tokens, token)) {
                    return Some(unauthorized("acsjwt"));
                }
                forbidden.then(|| (StatusCode::FORBIDDEN, "Access denied\n").into_response())
            }
        }
    }
}

/// Takes one request off a token.
fn uses(tokens: &mut BTreeMap<String, Option<usize>>, token: &str) -> bool {
    match tokens.get_mut(token) {
        None | Some(Some(0)) => false,
        Some(None) => true,
        Some(Some(left)) => {
            *left -= 1;
            true
        }
    }
}

/// Whether a path is a pod's, or leads further into it.
fn touches(path: &str, pod: &str) -> bool {
    path.strip_prefix("/v2/pods")
        .and_then(|path| path.strip_prefix(pod))
        .is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

fn unauthorized(asks: &'static str) -> Response {
    let page = Html("<html><head><title>401 Authorization Required</title></head></html>\n");
    let mut response = (StatusCode::UNAUTHORIZED, page).into_response();
    response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(asks));
    response
}

//! A plain client, for tests that are not asynchronous.

use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Client as Http, Method, RequestBuilder};
use serde_json::Value;
use tokio::runtime::Runtime;

use crate::marathon::Marathon;

/// Somebody who asks one Marathon.
pub(crate) struct Client {
    runtime: Runtime,
    http: Http,
    root: String,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error} in {self:?}"))
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}

impl Client {
    pub(crate) fn of(marathon: &Marathon) -> Self {
        Self::at(marathon.url())
    }

    pub(crate) fn at(root: String) -> Self {
        let http = Http::builder().redirect(Policy::none()).no_proxy().build().unwrap();
        Self::with(root, http)
    }

    pub(crate) fn with(root: String, http: Http) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        Self { runtime, http, root }
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, |request| request)
    }

    pub(crate) fn delete(&self, path: &str) -> Answer {
        self.ask("DELETE", path, |request| request)
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Answer {
        self.send("POST", path, body.to_string())
    }

    pub(crate) fn put(&self, path: &str, body: &Value) -> Answer {
        self.send("PUT", path, body.to_string())
    }

    pub(crate) fn send(&self, method: &str, path: &str, body: impl Into<String>) -> Answer {
        let body = body.into();
        let kind = ("content-type", "application/json");
        self.ask(method, path, |request| request.header(kind.0, kind.1).body(body))
    }

    pub(crate) fn ask(
        &self,
        method: &str,
        path: &str,
        with: impl FnOnce(RequestBuilder) -> RequestBuilder,
    ) -> Answer {
        self.attempt(method, path, with)
            .unwrap_or_else(|error| panic!("{method} {path}: {error:?}"))
    }

    /// What is asked, and whether there was an answer.
    pub(crate) fn attempt(
        &self,
        method: &str,
        path: &str,
        with: impl FnOnce(RequestBuilder) -> RequestBuilder,
    ) -> Result<Answer, reqwest::Error> {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let url = format!("{}{path}", self.root);
        let request = with(self.http.request(method, url).timeout(Duration::from_secs(10)));
        self.runtime.block_on(async {
            let response = request.send().await?;
            let (status, headers) = (response.status().as_u16(), response.headers().clone());
            Ok(Answer { status, headers, body: response.text().await? })
        })
    }

    /// The text of a stream until it contains `last` or ends.
    pub(crate) fn read_until(&self, path: &str, last: &str) -> (String, Stopped) {
        let request = self.http.get(format!("{}{path}", self.root));
        self.runtime.block_on(async {
            let mut response = request.send().await.unwrap();
            let mut text = String::new();
            while !text.contains(last) {
                match response.chunk().await {
                    Ok(Some(chunk)) => text += std::str::from_utf8(&chunk).unwrap(),
                    Ok(None) => return (text, Stopped::Ended),
                    Err(_) => return (text, Stopped::Broke),
                }
            }
            (text, Stopped::Found)
        })
    }
}

/// Why the reading of a stream stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stopped {
    Found,
    Ended,
    Broke,
}

//! Where a submission takes place: files in a scratch directory, and the Marathon they are for.

use std::thread;

use serde_json::json;

use crate::marathon::{Cluster, Marathon, Request};
use crate::scratch::{Run, Scratch, Told, labels, pod, pod_with};

/// How fast all that talks to Marathon gives up here.
const CALLS: [[&str; 2]; 3] = [["--poll", "20ms"], ["--call-timeout", "2s"], ["--patience", "3s"]];

/// How fast a submission is over here.
const SUBMISSION: [[&str; 2]; 2] = [["--settle", "50ms"], ["--timeout", "20s"]];

/// Files, and the Marathon they are for.
pub(crate) struct Site {
    pub(crate) marathon: Marathon,
    pub(crate) scratch: Scratch,
}

impl Site {
    /// Nothing is there yet.
    pub(crate) fn new() -> Self {
        Self::at(Marathon::start())
    }

    /// Nothing is there yet but a Marathon made to measure.
    pub(crate) fn at(marathon: Marathon) -> Self {
        Self { marathon, scratch: Scratch::new() }
    }

    /// With one file, `pod.json`.
    pub(crate) fn with(text: &str) -> Self {
        Self::new().file("pod.json", text)
    }

    /// `/a`, which runs, and its file in another version.
    pub(crate) fn with_update() -> Self {
        let site = Self::with(&pod("/a"));
        site.submit(&["pod.json"]).done();
        site.file("pod.json", &pod_with("/a", labels(json!({"tier": "2"}))))
    }

    /// Adds a file, or replaces it.
    pub(crate) fn file(self, name: &str, text: &str) -> Self {
        Self { scratch: self.scratch.file(name, text), ..self }
    }

    /// A run of `inject submit` here, at a pace that lets a test be over soon.
    pub(crate) fn submit(&self, arguments: &[&str]) -> Run {
        self.submit_to(&self.marathon.url(), arguments)
    }

    /// The same to another place.
    pub(crate) fn submit_to(&self, url: &str, arguments: &[&str]) -> Run {
        self.submit_somewhere(&[&["--marathon", url][..], arguments].concat())
    }

    /// The same to a place that the environment or a configuration names.
    pub(crate) fn submit_somewhere(&self, arguments: &[&str]) -> Run {
        self.scratch.inject(&paced(arguments))
    }

    /// The arguments of such a run.
    pub(crate) fn submission(&self, arguments: &[&str]) -> Vec<String> {
        let url = self.marathon.url();
        let arguments = [&["--marathon", &url][..], arguments].concat();
        paced(&arguments).into_iter().map(str::to_owned).collect()
    }

    /// A run of `inject diff --live` here.
    pub(crate) fn diff_live(&self, arguments: &[&str]) -> Run {
        let url = self.marathon.url();
        let fixed = ["diff", "--live", "--marathon", &url];
        let fixed = [&fixed, CALLS.as_flattened(), arguments].concat();
        self.scratch.inject(&fixed)
    }

    /// The writes that Marathon got, as `POST /v2/pods`.
    pub(crate) fn writes(&self) -> Vec<String> {
        let writes = self.marathon.writes().into_iter();
        writes.map(|Request { method, target, .. }| format!("{method} {target}")).collect()
    }

    /// How many requests of a method went to a path that ends so.
    pub(crate) fn asked(&self, method: &str, end: &str) -> usize {
        let path = |it: &Request| it.target.split('?').next().unwrap_or_default().to_owned();
        let meant = |it: &&Request| it.method == method && path(it).ends_with(end);
        self.marathon.requests().iter().filter(meant).count()
    }
}

/// The arguments of a submission, with the pace that they do not name.
fn paced<'a>(arguments: &[&'a str]) -> Vec<&'a str> {
    let pace = CALLS.iter().chain(&SUBMISSION);
    let pace = pace.filter(|[flag, _]| !arguments.contains(flag)).flatten();
    ["submit"].iter().chain(pace).chain(arguments).copied().collect()
}

/// A pod with so many instances.
pub(crate) fn scaled(id: &str, instances: usize) -> String {
    pod_with(id, json!({"scaling": {"kind": "fixed", "instances": instances}}))
}

/// Whether somebody has begun to look how `/a` is.
pub(crate) fn is_followed(cluster: &Cluster) -> bool {
    cluster.log().requests().iter().any(|request| request.target.ends_with("/a::status"))
}

/// A run, and what somebody does while it goes on.
pub(crate) fn meanwhile(run: Run, act: impl FnOnce() + Send) -> Told {
    thread::scope(|scope| {
        scope.spawn(act);
        run.told()
    })
}

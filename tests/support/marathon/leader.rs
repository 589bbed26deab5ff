//! Several nodes, one of which leads: the others pass requests on to it.

use axum::http::StatusCode;
use tokio::sync::watch;

use super::answer::Refusal;

/// What a node says while nobody leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Leaderless {
    /// 502, as Marathon 1.8 and later.
    BadGateway,
    /// 503, as Marathon 1.5.
    Unavailable,
}

impl Leaderless {
    pub(super) fn refusal(self) -> Refusal {
        let status = match self {
            Self::BadGateway => StatusCode::BAD_GATEWAY,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        };
        Refusal::message(status, "Could not determine the current leader")
    }
}

/// Who leads.
#[derive(Debug)]
pub(super) struct Leadership {
    /// The address of each node, `host:port`.
    nodes: Vec<String>,
    scheme: &'static str,
    leader: Result<usize, Leaderless>,
    /// Changes with the leader, which breaks all event streams.
    term: watch::Sender<usize>,
}

impl Leadership {
    pub(super) fn new(nodes: Vec<String>, scheme: &'static str) -> Self {
        Self { nodes, scheme, leader: Ok(0), term: watch::Sender::new(0) }
    }

    /// The leader's address, `host:port`.
    pub(super) fn address(&self) -> Option<&str> {
        self.leader.ok().map(|leader| self.nodes[leader].as_str())
    }

    /// The leader and its URL.
    pub(super) fn found(&self) -> Result<(usize, String), Leaderless> {
        self.leader.map(|leader| (leader, self.url_of(leader)))
    }

    /// The URL of a node.
    pub(super) fn url_of(&self, node: usize) -> String {
        format!("{}://{}", self.scheme, self.nodes[node])
    }

    /// Another node leads, or none.
    pub(super) fn change(&mut self, leader: Result<usize, Leaderless>) {
        self.leader = leader;
        self.term.send_modify(|term| *term += 1);
    }

    pub(super) fn term(&self) -> watch::Receiver<usize> {
        self.term.subscribe()
    }
}

//! The event stream (`text/event-stream`), for as long as the leader leads.

use std::future::pending;

use axum::body::Body;
use axum::extract::{RawQuery, Request, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{broadcast, watch};

use super::super::events::Event;
use super::super::faults::Fault;
use super::super::passage::{Broken, break_off, endless};
use super::super::server::Node;
use super::asked;

/// Somebody who listens.
struct Listener {
    events: broadcast::Receiver<Event>,
    term: watch::Receiver<usize>,
    /// The types asked for; none means all of them.
    wanted: Vec<String>,
    sent: usize,
    fault: Option<Fault>,
}

/// `GET /v2/events`.
pub(super) async fn events(
    State(node): State<Node>,
    RawQuery(query): RawQuery,
    request: Request,
) -> Response {
    let fault = request.extensions().get::<Fault>().cloned();
    let body = if fault == Some(Fault::EndlessLine) {
        Body::from_stream(endless(b"data: never a newline "))
    } else {
        let (events, term) =
            node.shared.with(|cluster| (cluster.bus.listen(), cluster.leadership.term()));
        let wanted = asked(query.as_deref(), "event_type");
        let listener = Listener { events, term, wanted, sent: 0, fault };
        Body::from_stream(stream::unfold(listener, |mut listener| async move {
            listener.next().await.map(|frame| (frame, listener))
        }))
    };
    ([(header::CONTENT_TYPE, "text/event-stream")], body).into_response()
}

impl Listener {
    /// The next event; an error where the connection breaks, nothing where the stream ends.
    async fn next(&mut self) -> Option<Result<String, Broken>> {
        match self.fault {
            Some(Fault::SilentAfter(most)) if self.sent >= most => return pending().await,
            Some(Fault::EndsAfter(most)) if self.sent >= most => return None,
            _ => {}
        }
        let event = if self.sent == 0 { Ok(Event::attached()) } else { self.wanted_event().await };
        self.sent += 1;
        match event {
            Ok(event) => Some(Ok(event.frame())),
            Err(Ended::LeaderChanged) => Some(Err(break_off().await)),
            Err(Ended::TooSlow) => None,
        }
    }

    async fn wanted_event(&mut self) -> Result<Event, Ended> {
        loop {
            let event = tokio::select! {
                event = self.events.recv() => event,
                _ = self.term.changed() => return Err(Ended::LeaderChanged),
            };
            match event {
                Ok(event) if self.wants(&event) => return Ok(event),
                Ok(_) => {}
                Err(RecvError::Lagged(_) | RecvError::Closed) => return Err(Ended::TooSlow),
            }
        }
    }

    fn wants(&self, event: &Event) -> bool {
        self.wanted.is_empty() || self.wanted.iter().any(|kind| kind == event.kind)
    }
}

/// Why a stream is over.
enum Ended {
    LeaderChanged,
    TooSlow,
}

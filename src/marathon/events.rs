//! Marathon's stream of events. It may stop, repeat and leave out (Marathon Events.scala: no ids,
//! no order, no replay): an event only says that it is time to look again.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::{Stream, StreamExt, future, pin_mut};
use reqwest::Response;
use serde::Deserialize;
use sse_stream::SseByteStream;
use tokio::sync::broadcast;
use tokio::task::JoinHandle;

use super::Client;
use super::address::ApiPath;

/// The events that tell of pods and deployments.
const TYPES: [&str; 11] = [
    "deployment_info",
    "deployment_step_success",
    "deployment_step_failure",
    "deployment_success",
    "deployment_failed",
    "pod_created_event",
    "pod_updated_event",
    "pod_deleted_event",
    "instance_changed_event",
    "instance_health_changed_event",
    "status_update_event",
];

/// How long to wait before the stream is opened again.
const PAUSE: Duration = Duration::from_secs(2);

/// The most bytes without the end of an event.
const MOST_BYTES: usize = 16 * 1024 * 1024;

/// How many events may wait for somebody who is busy; then he looks for himself.
const WAITING: usize = 256;

/// The least time between two looks at a pod: events come in swarms.
const BREATH: Duration = Duration::from_millis(100);

/// With events there is less need to ask.
const LESS_OFTEN: u32 = 5;

/// The stream of events, for as many as want to know. It ends with its last owner.
#[derive(Debug)]
pub struct Events {
    sender: broadcast::Sender<Touched>,
    attached: Arc<AtomicBool>,
    listener: JoinHandle<()>,
}

/// The pods that something happened to; none stands for any.
type Touched = Option<Arc<BTreeSet<String>>>;

/// One listener's place in the stream.
#[derive(Debug)]
pub struct News {
    receiver: broadcast::Receiver<Touched>,
    attached: Arc<AtomicBool>,
}

impl Events {
    /// Listens to a Marathon, from now on.
    pub fn listen(client: Arc<Client>) -> Self {
        let (sender, _) = broadcast::channel(WAITING);
        let attached = Arc::new(AtomicBool::new(false));
        let listener = tokio::spawn(listen(client, sender.clone(), Arc::clone(&attached)));
        Self { sender, attached, listener }
    }

    /// A place in the stream.
    pub fn news(&self) -> News {
        News { receiver: self.sender.subscribe(), attached: Arc::clone(&self.attached) }
    }
}

impl Drop for Events {
    fn drop(&mut self) {
        self.listener.abort();
    }
}

impl News {
    /// Waits until it is time to look at a pod: something happened to it, or it has been a while.
    pub async fn of(&mut self, id: &str, poll: Duration) {
        tokio::time::sleep(BREATH.min(poll)).await;
        let attached = self.attached.load(Ordering::Relaxed);
        let while_ = if attached { poll.saturating_mul(LESS_OFTEN) } else { poll };
        let touched = async {
            loop {
                match self.receiver.recv().await {
                    Ok(Some(pods)) if !pods.contains(id) => {}
                    Err(broadcast::error::RecvError::Closed) => future::pending().await,
                    Ok(_) | Err(broadcast::error::RecvError::Lagged(_)) => return,
                }
            }
        };
        // Whether it was news or time makes no difference.
        let _ = tokio::time::timeout(while_, touched).await;
        // Events come in swarms, and one look sees what all of them tell of.
        self.receiver = self.receiver.resubscribe();
    }
}

async fn listen(
    client: Arc<Client>,
    sender: broadcast::Sender<Touched>,
    attached: Arc<AtomicBool>,
) {
    let query = TYPES.map(|name| ("event_type", name));
    let query: Vec<_> = query.into_iter().chain([("plan-format", "light")]).collect();
    loop {
        if let Some(response) = client.stream(ApiPath::v2("events"), &query).await {
            attached.store(true, Ordering::Relaxed);
            // What happened before nobody heard.
            let _ = sender.send(None);
            pass_on(response, &sender).await;
            attached.store(false, Ordering::Relaxed);
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Passes events on until the stream ends.
async fn pass_on(response: Response, sender: &broadcast::Sender<Touched>) {
    let bytes = bounded(response.bytes_stream());
    pin_mut!(bytes);
    let mut events = SseByteStream::new(bytes);
    while let Some(Ok(event)) = events.next().await {
        if let Some(touched) = event.data.as_deref().and_then(touched) {
            // Nobody may be listening just now.
            let _ = sender.send(Some(Arc::new(touched)));
        }
    }
}

/// The same bytes, as long as events come to an end in them.
fn bounded<B: AsRef<[u8]>, E>(
    bytes: impl Stream<Item = Result<B, E>>,
) -> impl Stream<Item = Result<B, E>> {
    let mut without_end = 0;
    bytes.take_while(move |chunk| {
        let chunk = chunk.as_ref().map_or(&[][..], AsRef::as_ref);
        // Lines end in LF or in CRLF, as the server has it.
        let ended = [&b"\n\n"[..], b"\n\r\n"]
            .iter()
            .any(|end| chunk.windows(end.len()).any(|found| found == *end));
        without_end = if ended { 0 } else { without_end + chunk.len() };
        future::ready(without_end <= MOST_BYTES)
    })
}

/// What of an event tells whom it is about.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Event {
    app_id: Option<String>,
    run_spec_id: Option<String>,
    uri: Option<String>,
    plan: Plan,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Plan {
    steps: Vec<Step>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Step {
    actions: Vec<Action>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Action {
    pod: Option<String>,
}

/// The pods that an event is about; nothing if it is none of Marathon's.
fn touched(data: &str) -> Option<BTreeSet<String>> {
    let event: Event = serde_json::from_str(data).ok()?;
    let by_uri = event.uri.and_then(|uri| Some(uri.strip_prefix("/v2/pods")?.to_owned()));
    let in_plan = event.plan.steps.into_iter().flat_map(|step| step.actions);
    let named = [event.app_id, event.run_spec_id, by_uri].into_iter().flatten();
    Some(named.chain(in_plan.filter_map(|action| action.pod)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pods(data: &str) -> Vec<String> {
        touched(data).unwrap().into_iter().collect()
    }

    #[test]
    fn every_event_names_its_pods_in_its_own_way() {
        assert_eq!(pods(r#"{"eventType": "status_update_event", "appId": "/a"}"#), ["/a"]);
        assert_eq!(
            pods(r#"{"eventType": "instance_changed_event", "runSpecId": "/a/b"}"#),
            ["/a/b"]
        );
        assert_eq!(pods(r#"{"eventType": "pod_updated_event", "uri": "/v2/pods/a"}"#), ["/a"]);
        let plan = r#"{"id": "d", "plan": {"steps": [{"actions": [
            {"action": "StartPod", "pod": "/a"}, {"action": "ScaleApplication", "app": "/c"}]},
            {"actions": [{"action": "ScalePod", "pod": "/b"}]}]}}"#;
        assert_eq!(pods(plan), ["/a", "/b"]);
    }

    #[test]
    fn what_is_no_event_of_marathon_touches_nothing() {
        assert_eq!(touched("not json"), None);
        assert_eq!(touched("[]").unwrap_or_default(), BTreeSet::new());
        assert_eq!(pods(r#"{"eventType": "event_stream_attached"}"#), [""; 0]);
    }

    #[tokio::test]
    async fn a_line_without_end_ends_the_stream() {
        let megabyte = vec![b'x'; 1 << 20];
        let endless = futures_util::stream::repeat_with(|| Ok::<_, ()>(megabyte.clone()));
        assert_eq!(bounded(endless).count().await, MOST_BYTES >> 20);
    }

    #[tokio::test]
    async fn events_come_to_an_end_however_the_server_ends_its_lines() {
        for end in ["\n\n", "\r\n\r\n"] {
            let event = [&vec![b'x'; 1 << 20], end.as_bytes()].concat();
            let many = futures_util::stream::repeat_with(|| Ok::<_, ()>(event.clone())).take(40);
            assert_eq!(bounded(many).count().await, 40, "{end:?}");
        }
    }
}

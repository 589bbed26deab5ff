//! What Marathon answers, read whole, and what its refusals say.

use reqwest::StatusCode;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::refusal::Refusal;

/// An answer that was read to its end.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    /// `Marathon-Deployment-Id`.
    pub(super) deployment: Option<String>,
    pub(super) body: Vec<u8>,
}

impl Answer {
    /// The body as JSON; nothing if it is none, as when a proxy cut it.
    pub(super) fn json<T: DeserializeOwned>(&self) -> Option<T> {
        serde_json::from_slice(&self.body).ok()
    }

    /// Whether it is a success that Marathon does not send, as the page of another server is.
    pub(super) fn is_foreign(&self) -> bool {
        self.status.is_success() && self.json::<Value>().is_none()
    }

    /// What a refusal says.
    pub(super) fn refusal(&self) -> Refusal {
        let said = self.json::<Said>().unwrap_or_default();
        let (details, faults) = match said.details {
            Value::String(words) => (Some(words), Vec::new()),
            Value::Null => (None, Vec::new()),
            details => match Vec::deserialize(&details) {
                Ok(faults) => (None, faults),
                Err(_) => (Some(beginning(&details.to_string())), Vec::new()),
            },
        };
        Refusal {
            status: self.status.as_u16(),
            message: said.message.map_or_else(|| self.plain_words(), |message| unwrapped(&message)),
            details,
            faults,
            deployments: said.deployments.into_iter().map(|deployment| deployment.id).collect(),
        }
    }

    /// The beginning of a body that is not Marathon's own: a proxy's, or a plugin's.
    fn plain_words(&self) -> String {
        let text = String::from_utf8_lossy(&self.body);
        let text = text.trim();
        if text.is_empty() || text.starts_with('<') {
            self.status.canonical_reason().unwrap_or("no reason given").to_owned()
        } else {
            beginning(text)
        }
    }
}

/// How much of what is not Marathon's own form is shown, in characters.
const MOST_WORDS: usize = 300;

fn beginning(text: &str) -> String {
    text.chars().take(MOST_WORDS).collect()
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Said {
    message: Option<String>,
    details: Value,
    deployments: Vec<Id>,
}

#[derive(Deserialize)]
struct Id {
    id: String,
}

/// The message of a pod that is missing is JSON within JSON (Marathon PodsResource).
fn unwrapped(message: &str) -> String {
    match serde_json::from_str(message) {
        Ok(Said { message: Some(inner), .. }) => inner,
        _ => message.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(status: u16, body: &str) -> Refusal {
        let status = StatusCode::from_u16(status).unwrap();
        Answer { status, deployment: None, body: body.into() }.refusal()
    }

    #[test]
    fn a_missing_pod_is_told_as_json_within_json() {
        let said = refusal(404, r#"{"message":"{\"message\": \"pod with /x does not exist\"}"}"#);
        assert_eq!(said.message, "pod with /x does not exist");
    }

    #[test]
    fn details_are_faults_or_words_whatever_their_form() {
        let said = refusal(400, r#"{"message":"Invalid JSON","details":"Unexpected end"}"#);
        assert_eq!((said.details.as_deref(), said.faults.len()), (Some("Unexpected end"), 0));
        let said = refusal(
            422,
            r#"{"message":"Object is not valid","details":[{"path":"/id","errors":["e"]}]}"#,
        );
        assert_eq!((said.details, said.faults.len()), (None, 1));
        let said = refusal(422, r#"{"message":"no","details":{"because":[1]}}"#);
        assert_eq!(said.details.as_deref(), Some(r#"{"because":[1]}"#));
    }

    #[test]
    fn a_lock_names_its_deployments() {
        let said = refusal(409, r#"{"message":"locked","deployments":[{"id":"97c1"}]}"#);
        assert_eq!(said.deployments, ["97c1"]);
    }

    #[test]
    fn pages_of_proxies_are_not_repeated() {
        assert_eq!(refusal(502, "<html>...</html>").message, "Bad Gateway");
        assert_eq!(refusal(403, "no access to /web").message, "no access to /web");
        assert_eq!(refusal(503, "").message, "Service Unavailable");
        assert_eq!(refusal(403, &"x".repeat(10_000)).message.len(), MOST_WORDS);
    }
}

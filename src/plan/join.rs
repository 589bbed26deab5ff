//! The token with which a pod joins the mesh, and the nonce that binds it to one submission of the
//! pod: where they stand in a pod's text, and how submission fills them in.

use std::fmt;
use std::ops::Range;

use super::agent;
use super::placeholder::{NONCE_LABEL, TOKEN_VARIABLE};
use super::record::Record;
use super::route::is_at_or_below;
use crate::document::{Node, Path, Source, Splice};
use crate::pod::Pod;

/// The route of the container that has the token.
const AGENT: &str = "/containers/istio-agent";

/// What a pod lost since it was injected to join by a token, or to an overlay: it cannot join.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoPlace {
    /// The variable of the token.
    #[error("the variable {TOKEN_VARIABLE} of its container istio-agent is gone")]
    Token,
    /// The label of the nonce.
    #[error("its label {NONCE_LABEL:?} is gone")]
    Nonce,
}

/// Where a pod has its token and its nonce.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Joining {
    token: Filled,
    nonce: Filled,
}

/// A string of the pod's text, and the bytes that it stands at.
#[derive(Clone, PartialEq, Eq)]
struct Filled {
    place: Range<usize>,
    text: String,
}

impl Joining {
    /// Those of a pod's text, if it was injected to have them. A token that is no string, as one
    /// that Marathon takes out of a secret, is the pod's own business.
    ///
    /// # Errors
    /// It was, and has lost one of them.
    pub fn of(text: &str) -> Result<Option<Self>, NoPlace> {
        let source = Source::new("", text);
        let tree = source.root().ok().and_then(|root| root.tree(&Path::root("")).ok());
        let Some(tree) = tree else { return Ok(None) };
        let pod = Pod::new(&tree);
        let mut agents = pod.containers().filter(|container| container.name() == agent::NAME);
        let Some(agent) = agents.next().filter(|_| has_our_agent(&pod)) else { return Ok(None) };
        let environment = agent.node().get("environment");
        let token = environment.and_then(|environment| environment.get(TOKEN_VARIABLE));
        let Some(token) = Filled::of(token.ok_or(NoPlace::Token)?) else { return Ok(None) };
        let nonce = pod.label(NONCE_LABEL).and_then(Filled::of).ok_or(NoPlace::Nonce)?;
        Ok(Some(Self { token, nonce }))
    }

    /// The token; empty before submission.
    pub fn token(&self) -> &str {
        &self.token.text
    }

    /// The nonce; empty before submission.
    pub fn nonce(&self) -> &str {
        &self.nonce.text
    }

    /// The text with another token and nonce, and all else as it is.
    pub fn fill(&self, text: &str, token: &str, nonce: &str) -> String {
        let mut parts = [(&self.token, token), (&self.nonce, nonce)];
        parts.sort_by_key(|(filled, _)| filled.place.start);
        let mut splice = Splice::new(text, Vec::new());
        for (filled, value) in parts {
            let value = serde_json::to_string(value).expect("text serialises");
            splice.replace(filled.place.clone(), &value).expect("memory takes all");
        }
        let filled = splice.finish().expect("memory takes all");
        String::from_utf8(filled).expect("text between text is text")
    }
}

/// Whether injection gave a pod a node agent, or completed it.
fn has_our_agent(pod: &Pod<'_, '_>) -> bool {
    let record = Record::of(pod).ok().flatten();
    record.is_some_and(|it| it.added.iter().any(|route| is_at_or_below(route, AGENT)))
}

impl Filled {
    fn of(node: &Node<'_>) -> Option<Self> {
        Some(Self { place: node.span()?, text: node.as_str()?.to_owned() })
    }
}

/// Without the token.
impl fmt::Debug for Filled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Filled({:?})", self.place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SUBMITTED: &str = include_str!("../../fixtures/injected-then-token.json");

    #[test]
    fn a_text_is_filled_in_two_places_and_nowhere_else() {
        let joining = Joining::of(SUBMITTED).unwrap().unwrap();
        assert_eq!((joining.token().get(..3), joining.nonce()), (Some("v1."), &*"A".repeat(22)));
        let expected = SUBMITTED.replace(joining.token(), "a\\\"b").replace(
            &format!("\"mesh/join-nonce\": \"{}\"", joining.nonce()),
            "\"mesh/join-nonce\": \"n\"",
        );
        assert_eq!(joining.fill(SUBMITTED, "a\"b", "n"), expected);
    }

    #[test]
    fn a_token_that_marathon_takes_out_of_a_secret_is_left_to_it() {
        let joining = Joining::of(SUBMITTED).unwrap().unwrap();
        let token = format!("\"{}\"", joining.token());
        let secret = SUBMITTED.replace(&token, "{\"secret\": \"join\"}");
        assert_ne!(secret, SUBMITTED);
        assert_eq!(Joining::of(&secret), Ok(None));
    }

    #[test]
    fn a_pod_without_a_node_agent_or_without_a_record_has_no_place_for_a_token() {
        for text in [
            include_str!("../../fixtures/injected.json"),
            &SUBMITTED.replace("sidecar.istio.io/status", "other"),
            &SUBMITTED.replace("istio-agent", "other"),
            "[]",
            "",
        ] {
            assert_eq!(Joining::of(text), Ok(None));
        }
    }

    #[test]
    fn a_pod_that_lost_the_one_or_the_other_is_told_from_one_that_has_no_place() {
        for (place, lost) in
            [("\"MESH_JOIN_TOKEN\": ", NoPlace::Token), ("\"mesh/join-nonce\": ", NoPlace::Nonce)]
        {
            let without = SUBMITTED.replace(place, "\"other\": ");
            assert_eq!(Joining::of(&without), Err(lost));
        }
    }

    #[test]
    fn a_container_of_that_name_that_injection_did_not_touch_is_the_pods_own() {
        let bundle = include_str!("../../fixtures/injected.json");
        let named = bundle.replacen("\"hello\"", "\"istio-agent\"", 1);
        assert_ne!(named, bundle);
        assert_eq!(Joining::of(&named), Ok(None));
    }

    #[test]
    fn nothing_shows_a_token() {
        let shown = format!("{:?}", Joining::of(SUBMITTED).unwrap().unwrap());
        assert!(shown.starts_with("Joining { token: Filled("), "{shown}");
        assert!(!shown.contains("v1."), "{shown}");
    }
}

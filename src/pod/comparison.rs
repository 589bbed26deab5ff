//! Whether two definitions of a pod are the same to Marathon: the one that somebody would submit,
//! and the one that Marathon answers, in which every default is filled in, what it does not know is
//! gone, and numbers and words may be spelt in another way.
//!
//! Both are walked together along `schema`, and both come out in one form that a diff can show.

mod absent;
mod both;
mod form;
mod union;
mod walk;

use serde_json::{Map, Value};

use self::both::Both;
use self::walk::Walk;
use crate::document::Node;

/// What a Marathon fills in that stands in its configuration (`GET /v2/info`,
/// `marathon_config`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filled {
    /// The name of a network of mode `container` that has none; `None` if it is not known. Any name
    /// is then taken for it.
    pub default_network_name: Option<String>,
    /// The role of a pod that has none; `None` if it is not known. Any role is then taken for it.
    pub mesos_role: Option<String>,
}

/// Two definitions of a pod, in one form: members in Marathon's order, the free ones by their key,
/// without what one definition leaves to Marathon and the other spells out as Marathon would.
///
/// Numbers are compared as Marathon holds them. That is a double for the likes of `mem`, so that
/// two of them beyond 2^53 may be the same; whole numbers such as a volume's `size` are exact.
#[derive(Clone, Debug)]
pub struct Comparison {
    forms: Both<Value>,
}

impl Comparison {
    /// Compares what a user would submit with what Marathon answers for the pod of this id. Neither
    /// has to be valid: what has a wrong type stands in the form as it is.
    pub fn new(sent: &Node<'_>, running: &Node<'_>, filled: &Filled) -> Self {
        let forms = Walk::new(sent, filled).pod(Both { sent, running });
        Self { forms }
    }

    /// Whether submitting the pod would change nothing. Marathon would restart it all the same.
    pub fn is_same(&self) -> bool {
        self.forms.sent == self.forms.running
    }

    /// Whether an instance of the one is what an instance of the other would be, so that it is not
    /// restarted where only their number changes (Marathon PodDefinition `isUpgrade`).
    pub fn has_same_instances(&self) -> bool {
        of_instances(&self.forms.sent) == of_instances(&self.forms.running)
    }

    /// What a user would submit, in the form that both have.
    pub fn sent(&self) -> &Value {
        &self.forms.sent
    }

    /// What Marathon answers, in the form that both have.
    pub fn running(&self) -> &Value {
        &self.forms.running
    }
}

/// The members that are not of the instances.
const NOT_OF_INSTANCES: [&str; 3] = ["scaling", "executorResources", "legacySharedCgroups"];
const NOT_OF_INSTANCES_IN_SCHEDULING: [&str; 2] = ["killSelection", "unreachableStrategy"];

/// What instances are launched from.
fn of_instances(pod: &Value) -> Value {
    let mut pod = pod.clone();
    let Some(members) = pod.as_object_mut() else { return pod };
    members.retain(|name, _| !NOT_OF_INSTANCES.contains(&name.as_str()));
    if let Some(scheduling) = members.get_mut("scheduling").and_then(Value::as_object_mut) {
        scheduling.retain(|name, _| !NOT_OF_INSTANCES_IN_SCHEDULING.contains(&name.as_str()));
    }
    members.retain(|name, value| name != "scheduling" || value != &Value::Object(Map::new()));
    pod
}

//! The groups of a document: their ids, for an app's id can be relative to its group's and a pod's
//! cannot, and what the apps' place will be.

use std::collections::HashMap;

use crate::document::{Diagnostic, Kind, Path, Raw, RawMember};

/// A directory that Mesos makes for a task has the pod's id in its name, and no file system takes
/// longer ones.
const LONGEST_ID: usize = 255;

/// A group has about ten; each step to a pod in it looks at all of them.
const MOST_MEMBERS: usize = 100;

/// A group's facts.
#[derive(Debug)]
pub(super) struct Group {
    id: String,
    /// How many elements its `apps` has.
    pub(super) apps: usize,
    /// Whether it has `pods` to append to.
    pub(super) has_pods: bool,
    /// Where its `apps` begins, in bytes of the document.
    pub(super) start: usize,
}

/// The groups of a document, by their JSON pointers.
#[derive(Debug, Default)]
pub(super) struct Groups {
    all: HashMap<String, Group>,
    faults: Vec<Diagnostic>,
}

impl Groups {
    /// The groups of a document in which [`entries`](crate::pod::entries) finds no fault.
    pub(super) fn of(root: Raw<'_>) -> Result<Self, Vec<Diagnostic>> {
        let mut groups = Self::default();
        groups.any(root, &Path::root(""), "")?;
        if groups.faults.is_empty() { Ok(groups) } else { Err(groups.faults) }
    }

    pub(super) fn get(&self, pointer: &str) -> Option<&Group> {
        self.all.get(pointer)
    }

    /// The id of the group that a thing stands in; `""` for the root group.
    pub(super) fn id_of(&self, pointer: &str) -> &str {
        let group = group_of(pointer).and_then(|group| self.get(group));
        group.map_or("", |group| &group.id)
    }

    /// A group, or an array of them, below the group with the id `parent`.
    fn any(&mut self, raw: Raw<'_>, at: &Path<'_>, parent: &str) -> Result<(), Vec<Diagnostic>> {
        for (index, element) in raw.elements()?.into_iter().enumerate() {
            self.any(element, &at.index(index), parent)?;
        }
        let members = raw.members()?;
        let array = |name: &str| {
            let member = members.iter().find(|member| member.key == name);
            member.map(|member| member.value).filter(|value| value.kind() == Kind::Array)
        };
        let [apps, pods, groups] = ["apps", "pods", "groups"].map(array);
        if apps.or(groups).is_none() {
            return Ok(());
        }
        let id = self.id(raw, &members, at, parent)?;
        if let Some(groups) = groups {
            self.any(groups, &at.key("groups"), &id)?;
        }
        if let Some(list) = apps {
            self.any(list, &at.key("apps"), &id)?;
            let (apps, start) = (list.elements()?.len(), list.span().start);
            self.all.insert(at.to_string(), Group { id, apps, has_pods: pods.is_some(), start });
        }
        Ok(())
    }

    /// The absolute id of a group; none of the root group.
    fn id(
        &mut self,
        raw: Raw<'_>,
        members: &[RawMember<'_>],
        at: &Path<'_>,
        parent: &str,
    ) -> Result<String, Vec<Diagnostic>> {
        let member = members.iter().find(|member| member.key == "id");
        let written = member.map_or(Ok(None), |member| member.value.string());
        let written = written.map_err(|fault| vec![*fault])?.unwrap_or_default();
        let id = absolute(&written, parent);
        let start = raw.span().start;
        let mut refuse = |message: String, hint: &str| {
            let fault = Diagnostic::error(message).rule("C02").span(start..start + 1).hint(hint);
            self.faults.push(fault.pointer(at.to_string()));
        };
        if members.len() > MOST_MEMBERS {
            let message = format!("a group with more than {MOST_MEMBERS} members");
            refuse(message, "is this the right file?");
        }
        if id.len() > LONGEST_ID {
            let message = format!("the id of a group is longer than {LONGEST_ID} bytes");
            refuse(message, "shorten it, or those of the groups that it is in");
            return Ok(parent.to_owned());
        }
        Ok(id)
    }
}

/// The pointer of the group that lists an app, by the app's.
pub(super) fn group_of(app: &str) -> Option<&str> {
    app.rsplit_once('/').and_then(|(list, _)| list.strip_suffix("/apps"))
}

/// An id within a group, made absolute as Marathon does (Marathon PathId).
pub(super) fn absolute(id: &str, group: &str) -> String {
    let id = id.trim_end_matches('/');
    if id.starts_with('/') {
        id.to_owned()
    } else if id.is_empty() {
        group.to_owned()
    } else {
        format!("{group}/{id}")
    }
}

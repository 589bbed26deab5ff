//! What injection adds, as a partial pod of typed values: Marathon's own members, in the order in
//! which they are written.

use std::borrow::Cow;

use serde::{Serialize, Serializer};
use serde_json::Number;

use crate::settings::{ImageId, ImagePullPolicy};

/// The partial pod.
#[derive(Debug, Serialize)]
pub(super) struct Addition<'a> {
    pub(super) containers: Vec<Container<'a>>,
    pub(super) volumes: [Volume; 1],
    pub(super) labels: Labels<'a>,
}

/// The labels of the pod, less the record, which is made last.
#[derive(Debug, Serialize)]
pub(super) struct Labels<'a> {
    pub(super) istio: &'a str,
    #[serde(rename = "mesh/join-nonce", skip_serializing_if = "Option::is_none")]
    pub(super) join_nonce: Option<&'static str>,
}

/// An ephemeral volume.
#[derive(Debug, Serialize)]
pub(super) struct Volume {
    pub(super) name: &'static str,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Container<'a> {
    pub(super) name: &'static str,
    pub(super) image: Image<'a>,
    pub(super) user: &'static str,
    pub(super) resources: Resources,
    pub(super) environment: Environment<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) artifacts: Option<[Artifact; 1]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) volume_mounts: Option<[VolumeMount; 1]>,
    pub(super) exec: Exec,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Image<'a> {
    pub(super) kind: &'static str,
    pub(super) id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) force_pull: Option<bool>,
}

#[derive(Debug, Serialize)]
pub(super) struct Resources {
    pub(super) cpus: Number,
    pub(super) mem: Number,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Artifact {
    pub(super) uri: String,
    pub(super) dest_path: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) extract: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) executable: Option<bool>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct VolumeMount {
    pub(super) name: &'static str,
    pub(super) mount_path: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) read_only: Option<bool>,
}

#[derive(Debug, Serialize)]
pub(super) struct Exec {
    pub(super) command: ShellCommand,
}

#[derive(Debug, Serialize)]
pub(super) struct ShellCommand {
    pub(super) shell: &'static str,
}

/// Variables in the order in which they are written.
#[derive(Debug)]
pub(super) struct Environment<'a>(pub(super) Vec<(&'static str, Cow<'a, str>)>);

impl Serialize for Environment<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

impl<'a> Image<'a> {
    /// An image of a registry.
    pub(super) fn of(id: &'a ImageId, pulled: ImagePullPolicy) -> Self {
        Self {
            kind: "DOCKER",
            id: id.as_str(),
            force_pull: match pulled {
                ImagePullPolicy::Always => Some(true),
                ImagePullPolicy::IfNotPresent => None,
                ImagePullPolicy::Never => Some(false),
            },
        }
    }
}

impl Exec {
    /// Runs a script, which replaces the image's entrypoint.
    pub(super) fn script(shell: &'static str) -> Self {
        Self { command: ShellCommand { shell } }
    }
}

/// A number as people write it: whole ones without a fraction.
pub(super) fn number(value: f64) -> Number {
    if value.fract() == 0.0 && value.abs() < 1e15 {
        #[expect(clippy::cast_possible_truncation, reason = "whole and small, as just checked")]
        return Number::from(value as i64);
    }
    Number::from_f64(value).expect("settings hold finite numbers only")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_have_no_fraction() {
        assert_eq!(number(512.0).to_string(), "512");
        assert_eq!(number(0.5).to_string(), "0.5");
    }
}

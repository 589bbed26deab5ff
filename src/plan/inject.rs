//! One pod's injection: the addition, built and laid under the pod, and the record of it.

use std::fmt::Write;

use json_patch::jsonptr::PointerBuf;
use json_patch::{AddOperation, Patch, PatchOperation};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::addition::{Addition, Labels};
use super::complete::Completion;
use super::overlay::Overlay;
use super::record::Record;
use super::{certs, init, ports, proxy, service};
use crate::pod::{Pod, Unfinished};
use crate::settings::{STATUS_LABEL, Settings};

/// The settings and overlays of a run; it plans the injection of any number of pods.
#[derive(Debug)]
pub struct Injector {
    pub(super) settings: Settings,
    overlays: Vec<Overlay>,
    /// The hash of a pod whose labels set nothing.
    hash: String,
    containers: Vec<String>,
    volumes: Vec<String>,
}

impl Injector {
    /// An injector for these settings. Later overlays lie over earlier ones.
    pub fn new(settings: Settings, overlays: Vec<Overlay>) -> Self {
        let names = |array: &str, ours: &[&str]| {
            let theirs = overlays.iter().flat_map(|overlay| overlay.names(array));
            ours.iter().copied().chain(theirs).map(str::to_owned).collect()
        };
        let hash = hash(&settings, &overlays);
        let containers = names("containers", &[init::NAME, proxy::NAME]);
        let volumes = names("volumes", &[certs::VOLUME]);
        Self { settings, overlays, hash, containers, volumes }
    }

    /// Whether anything but the program itself decides what is added.
    pub(super) fn has_overlays(&self) -> bool {
        !self.overlays.is_empty()
    }

    /// What a pod may leave to injection.
    pub(super) fn unfinished(&self) -> Unfinished<'_> {
        Unfinished { containers: &self.containers, volumes: &self.volumes }
    }

    /// The patch that injects a pod which has no record, under settings that heed its labels.
    pub(super) fn patch(&self, pod: &Pod<'_, '_>, settings: &Settings, service: &str) -> Patch {
        let completion = Completion::new(pod.node(), self.addition(pod, settings, service));
        let hash = if *settings == self.settings {
            self.hash.clone()
        } else {
            hash(settings, &self.overlays)
        };
        let record = Record {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            hash,
            added: completion.added,
            around: completion.around,
        };
        Patch(with_record(completion.operations, &record))
    }

    fn addition(
        &self,
        pod: &Pod<'_, '_>,
        settings: &Settings,
        service: &str,
    ) -> Map<String, Value> {
        let inbound = ports::inbound(pod, settings);
        let image = proxy::image(settings);
        let cluster = service::cluster(service);
        let addition = Addition {
            containers: [
                init::container(settings, image.clone(), &inbound),
                proxy::container(settings, image, &inbound, cluster),
            ],
            volumes: [certs::volume()],
            labels: Labels { istio: service },
        };
        let Ok(Value::Object(mut members)) = serde_json::to_value(&addition) else {
            unreachable!("a partial pod serialises to an object")
        };
        for overlay in &self.overlays {
            overlay.lay_over(&mut members);
        }
        members
    }
}

/// The operations with the record put into the labels, which the pod has or just got.
fn with_record(mut operations: Vec<PatchOperation>, record: &Record) -> Vec<PatchOperation> {
    let value = Value::String(record.to_label());
    let created = operations.iter_mut().find_map(|operation| match operation {
        PatchOperation::Add(add) if add.path.as_str() == "/labels" => Some(&mut add.value),
        PatchOperation::Replace(put) if put.path.as_str() == "/labels" => Some(&mut put.value),
        _ => None,
    });
    if let Some(Value::Object(labels)) = created {
        labels.insert(STATUS_LABEL.to_owned(), value);
    } else {
        let path = PointerBuf::from_tokens(["labels", STATUS_LABEL]);
        operations.push(PatchOperation::Add(AddOperation { path, value }));
    }
    operations
}

/// The first 16 hexadecimal digits of a SHA-256 over all that determines the result.
fn hash(settings: &Settings, overlays: &[Overlay]) -> String {
    let overlays: Vec<_> = overlays.iter().map(Overlay::members).collect();
    let text = serde_json::to_string(&(settings, overlays, init::SCRIPT, proxy::SCRIPT))
        .expect("settings and overlays serialise");
    let digest = Sha256::digest(text.as_bytes());
    digest[..8].iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").expect("writing to a string does not fail");
        hex
    })
}

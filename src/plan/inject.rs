//! One pod's injection: the addition, built and laid under the pod, and the record of it.

use std::borrow::Cow;

use serde_json::{Map, Value, json};

use super::addition::{Addition, Image, Labels};
use super::adopt::Adoption;
use super::complete::Completion;
use super::overlay::Overlay;
use super::seal::digest;
use super::{OURS, agent, certs, init, placeholder, ports, proxy, service};
use crate::identity::SpiffeId;
use crate::pod::{Pod, Unfinished};
use crate::settings::{Certs, Settings};

/// The settings and overlays of a run; it plans the injection of any number of pods.
#[derive(Debug)]
pub struct Injector {
    pub(super) settings: Settings,
    overlays: Vec<Overlay>,
    /// The hash of a pod whose labels set nothing.
    hash: String,
    overlays_digest: Option<String>,
    containers: Vec<String>,
    pub(super) volumes: Vec<String>,
    pub(super) adoption: Adoption,
}

impl Injector {
    /// An injector for these settings. Later overlays lie over earlier ones.
    pub fn new(settings: Settings, overlays: Vec<Overlay>) -> Self {
        let names = |array: &str, ours: &[&str]| {
            let theirs = overlays.iter().flat_map(|overlay| overlay.names(array));
            ours.iter().copied().chain(theirs).map(str::to_owned).collect()
        };
        let hash = hash(&settings, &overlays);
        let containers = names("containers", &OURS);
        let volumes = names("volumes", &[certs::VOLUME]);
        let overlays_digest = (!overlays.is_empty()).then(|| {
            let values: Vec<_> = overlays.iter().map(Overlay::value).collect();
            digest(&serde_json::to_string(&values).expect("overlays serialise"))
        });
        let adoption = Adoption::default();
        Self { settings, overlays, hash, overlays_digest, containers, volumes, adoption }
    }

    /// A digest of the overlays, where there are some.
    pub(super) fn overlays_digest(&self) -> Option<&str> {
        self.overlays_digest.as_deref()
    }

    /// The same, which adopts hand-written sidecars or leaves them alone.
    #[must_use]
    pub fn adopting(self, adoption: Adoption) -> Self {
        Self { adoption, ..self }
    }

    /// Where a pod of that identity is to fetch its bundle from.
    pub fn bundle_uri(&self, identity: &SpiffeId) -> String {
        self.settings.bundle_uri.of(identity)
    }

    /// Whether anything but the program itself decides what is added.
    pub(super) fn has_overlays(&self) -> bool {
        !self.overlays.is_empty()
    }

    /// What is laid over the addition, in order.
    pub(super) fn overlays(&self) -> &[Overlay] {
        &self.overlays
    }

    /// What a pod may leave to injection.
    pub(super) fn unfinished(&self) -> Unfinished<'_> {
        Unfinished { containers: &self.containers, volumes: &self.volumes, returning: &[] }
    }

    /// What completes a pod that has no record.
    pub(super) fn complete(
        &self,
        pod: &Pod<'_, '_>,
        settings: &Settings,
        service: &str,
    ) -> Completion {
        Completion::new(pod.node(), self.addition(pod, settings, service))
    }

    /// The hash of what determines the result under these settings, but the pod. Settings that a
    /// pod's labels changed are owned.
    #[expect(clippy::ptr_arg, reason = "whether they are borrowed is what counts")]
    pub(super) fn hash(&self, settings: &Cow<'_, Settings>) -> String {
        match settings {
            Cow::Borrowed(_) => self.hash.clone(),
            Cow::Owned(settings) => hash(settings, &self.overlays),
        }
    }

    fn addition(
        &self,
        pod: &Pod<'_, '_>,
        settings: &Settings,
        service: &str,
    ) -> Map<String, Value> {
        let overlays: Vec<_> = self.overlays.iter().map(Overlay::tree).collect();
        let pods: Vec<_> = [*pod].into_iter().chain(overlays.iter().map(Pod::new)).collect();
        let inbound = ports::inbound(&pods, settings);
        let image = Image::of(&settings.proxy_image, settings.image_pull_policy);
        let cluster = service::cluster(service);
        let has_agent = settings.certs == Certs::Agent;
        let first = init::container(settings, image.clone(), &inbound);
        let agent = has_agent.then(|| agent::container(settings));
        let last = proxy::container(settings, image, &inbound, cluster);
        let addition = Addition {
            containers: [Some(first), agent, Some(last)].into_iter().flatten().collect(),
            volumes: [certs::volume()],
            labels: Labels { istio: service, join_nonce: has_agent.then_some(placeholder::EMPTY) },
        };
        let Ok(Value::Object(mut members)) = serde_json::to_value(&addition) else {
            unreachable!("a partial pod serialises to an object")
        };
        for overlay in &self.overlays {
            overlay.lay_over(&mut members);
        }
        if !has_agent {
            without(&mut members, agent::NAME);
        }
        // The record needs them, even if an overlay took them out.
        members.entry("labels").or_insert_with(|| Value::Object(Map::new()));
        members
    }
}

/// Takes out a container of ours that this pod does not get: overlays are laid over every pod.
fn without(members: &mut Map<String, Value>, name: &str) {
    if let Some(Value::Array(containers)) = members.get_mut("containers") {
        containers.retain(|container| container["name"] != name);
    }
}

/// A hash over all that determines the result, but the pod.
fn hash(settings: &Settings, overlays: &[Overlay]) -> String {
    let overlays: Vec<_> = overlays.iter().map(Overlay::value).collect();
    let certs = settings.certs;
    let scripts = (init::script(certs), proxy::script(certs));
    let agent = (certs == Certs::Agent).then_some(agent::SCRIPT);
    let mut all = vec![settings.decisive(), json!(overlays), json!(scripts.0), json!(scripts.1)];
    all.extend(agent.map(Value::from));
    digest(&Value::from(all).to_string())
}

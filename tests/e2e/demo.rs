//! The walk-through's experiment, told while it runs: to whoever watches the example `mesh`, and to
//! the trial that holds the README to it.

use std::ops::ControlFlow::{self, Continue};
use std::sync::Arc;

use crate::calls::Caller;
use crate::citadel::{JOIN_KEY, marathon_url};
use crate::mesh::{BUNDLE, HTTPBIN, Mesh};
use crate::mesos::{Inside, Instance, Pod, State, Tasks};
use crate::pilot::{ClientTls, Policy, ServerTls};
use crate::secured::Secured;

/// Gets each line as it comes. Where it breaks, the experiment ends.
pub(crate) type Listener<'l> = &'l mut dyn FnMut(&str) -> ControlFlow<()>;

/// Where the pods have their certificates from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Certs {
    /// A bundle, which they fetch.
    #[default]
    Bundle,
    /// Citadel's service, each by an agent of its own.
    Agent,
}

/// The mesh as the experiment leaves it, until it is dropped.
pub(crate) struct Demo {
    pods: Vec<Arc<Instance>>,
    stage: Stage,
}

enum Stage {
    OfBundles { mesh: Mesh, _kept: [Pod; 2] },
    OfAgents(Secured),
}

impl Stage {
    fn mesh(&self) -> &Mesh {
        match self {
            Self::OfBundles { mesh, .. } => mesh,
            Self::OfAgents(secured) => &secured.mesh,
        }
    }
}

impl Demo {
    /// Runs the experiment.
    pub(crate) fn run(certs: Certs, tell: Listener<'_>) -> ControlFlow<(), Self> {
        let demo = match certs {
            Certs::Bundle => Self::start_with_bundles(tell)?,
            Certs::Agent => Self::start_with_agents(tell)?,
        };
        for pod in &demo.pods {
            pod.wait_until("it is set up", |tasks| *tasks.state("istio-init") == State::Finished);
            tell(&containers(pod))?;
        }
        tell("In the clear:")?;
        demo.call("200", tell)?;

        tell("MeshPolicy default, peers: mtls; servers demand mutual TLS:")?;
        demo.apply(Policy { server: ServerTls::Strict, client: ClientTls::Disabled });
        demo.call("503", tell)?;

        tell("DestinationRule default, mode: ISTIO_MUTUAL; clients speak it:")?;
        demo.apply(Policy::MUTUAL);
        demo.call("200", tell)?;
        Continue(demo)
    }

    fn start_with_bundles(tell: Listener<'_>) -> ControlFlow<(), Self> {
        tell("A Mesos agent starts, with Pilot, and with a bundle for its pods to fetch:")?;
        tell("$ citadel init")?;
        tell(&format!("$ citadel bundle -o {BUNDLE}"))?;
        let mesh = Mesh::start();
        tell("Two pods start on it:")?;
        let httpbin = run("pods/httpbin.json", &mesh, tell)?;
        let sleep = run("pods/sleep.json", &mesh, tell)?;
        let pods = mesh.settle(&[&httpbin, &sleep]);
        Continue(Self { pods, stage: Stage::OfBundles { mesh, _kept: [httpbin, sleep] } })
    }

    fn start_with_agents(tell: Listener<'_>) -> ControlFlow<(), Self> {
        tell("A Mesos agent starts, with Pilot, Marathon, and the service that signs:")?;
        tell("$ citadel init")?;
        tell(&format!("$ citadel join-key -o {JOIN_KEY}"))?;
        let marathon = marathon_url();
        tell(&format!("$ citadel serve --join-key {JOIN_KEY} --marathon {marathon} …"))?;
        let secured = Secured::start(&[]);
        tell("Two pods are submitted, each with a node agent:")?;
        let mut submit = |file| {
            tell(&format!("$ inject submit {file} --certs agent --join-key {JOIN_KEY} …"))?;
            Continue(secured.submit(file, &[]))
        };
        let pods = [submit("pods/httpbin.json")?, submit("pods/sleep.json")?];
        let pods = secured.mesh.settle(&[&pods[0], &pods[1]]);
        Continue(Self { pods, stage: Stage::OfAgents(secured) })
    }

    fn apply(&self, policy: Policy) {
        self.stage.mesh().apply(policy, &self.pods);
    }

    /// Tells the code, once it is the one that it should be.
    fn call(&self, expected: &str, tell: Listener<'_>) -> ControlFlow<()> {
        let format = "from sleep to httpbin: %{http_code}";
        self.sleep().becomes(expected, HTTPBIN);
        tell(&self.sleep().curl(&["-o", "/dev/null", "-w", format, HTTPBIN]))
    }

    fn sleep(&self) -> Inside<'_> {
        self.pods[1].inside("sleep")
    }

    /// Shell commands for whoever wants to see more: a shell in the container that calls, and the
    /// certificates of its Envoy.
    pub(crate) fn to_look_around(&self) -> [String; 2] {
        let within = |container: Inside<'_>, command: &str| {
            format!("nsenter --target {} --mount --net --pid -- {command}", container.pid())
        };
        [
            within(self.sleep(), "sh"),
            within(self.pods[1].inside("istio-proxy"), "curl 127.0.0.1:15000/certs"),
        ]
    }
}

fn run(file: &str, mesh: &Mesh, tell: Listener<'_>) -> ControlFlow<(), Pod> {
    tell(&format!("$ inject {file} --bundle-uri {}", Mesh::uri(BUNDLE)))?;
    Continue(mesh.run(file))
}

/// How each container of a pod is.
fn containers(instance: &Instance) -> String {
    let states = instance.see(Tasks::states);
    let states = states.iter().map(|(name, state)| format!("{name} {state:?}").to_lowercase());
    format!("{}: {}", instance.pod.id, states.collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
pub(crate) use tests::tests;

#[cfg(test)]
mod tests {
    use std::fs;
    use std::process::{Command, Stdio};

    use super::*;

    /// What the README shows of a command.
    fn shown(command: &str) -> Vec<String> {
        let readme = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
        let lines = readme.lines().skip_while(|line| *line != command).skip(1);
        lines.take_while(|line| *line != "```").map(str::to_owned).collect()
    }

    fn the_readme_shows_what_is_told_and_one_can_look_around() {
        let mut told = Vec::new();
        let demo = Demo::run(Certs::Bundle, &mut |line| {
            told.push(line.to_owned());
            Continue(())
        });
        assert_eq!(told, shown("$ cargo run --example mesh"));

        let [shell, certificates] = demo.continue_value().unwrap().to_look_around().map(|line| {
            Command::new("sh").args(["-c", &line]).stdin(Stdio::null()).output().unwrap()
        });
        assert!(shell.status.success(), "{shell:?}");
        let certificates = String::from_utf8(certificates.stdout).unwrap();
        assert!(certificates.contains("spiffe://cluster.local/ns/default/sa/default"));
    }

    fn the_readme_shows_what_is_told_of_agents() {
        let mut told = Vec::new();
        let demo = Demo::run(Certs::Agent, &mut |line| {
            told.push(line.to_owned());
            Continue(())
        });
        assert_eq!(told, shown("$ cargo run --example mesh -- --agent"));
        assert!(demo.is_continue());
    }

    fn where_nobody_listens_any_more_the_experiment_ends() {
        let demo = Demo::run(Certs::Bundle, &mut |_| ControlFlow::Break(()));
        assert!(demo.is_break());
    }

    crate::tests!(
        the_readme_shows_what_is_told_and_one_can_look_around,
        the_readme_shows_what_is_told_of_agents,
        where_nobody_listens_any_more_the_experiment_ends,
    );
}

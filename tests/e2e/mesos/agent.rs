//! An agent: a machine of its own as far as its network and its mounts go.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fmt::Write as _;
use std::net::{Ipv4Addr, SocketAddrV4, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU8, Ordering};

use super::endpoint::Endpoint;
use super::namespaces::Holder;

/// What pods know as `HOST`.
pub(crate) const HOST: Ipv4Addr = Ipv4Addr::new(10, 0, 3, 2);
/// Where the agent itself listens.
pub(crate) const AGENT_PORT: u16 = 5051;

/// Where it keeps its instances. All of `/var/lib` is the agent's own, not the machine's.
pub(super) const WORK_DIRECTORY: &str = "/var/lib/mesos/slave";

/// The overlay network `dcos`, as far as it reaches this agent.
const BRIDGE: &str = "d-dcos";
const BRIDGE_ADDRESS: &str = "02:00:09:00:00:01";
const GATEWAY: Ipv4Addr = Ipv4Addr::new(9, 0, 0, 1);
/// The last part of the first instance's address.
const FIRST: u8 = 2;

/// What is known of an image.
#[derive(Clone, Default)]
pub(crate) struct Image {
    /// Directories that are laid over the machine's root, the uppermost first.
    pub(crate) layers: Vec<PathBuf>,
    /// Programs that are one file of the machine, and where the image has them.
    pub(crate) programs: Vec<(PathBuf, String)>,
}

/// By the names that pods use.
pub(crate) type Images = BTreeMap<String, Image>;

/// An agent, until it is dropped.
pub(crate) struct Agent {
    images: Images,
    /// What pods can resolve.
    names: Vec<(String, Ipv4Addr)>,
    /// Layers of which there is a copy.
    pulled: Mutex<Vec<PathBuf>>,
    next: AtomicU8,
    api: Endpoint,
    namespaces: Holder,
}

impl Agent {
    /// With these images, on which pods resolve these names.
    pub(crate) fn start(images: Images, names: Vec<(String, Ipv4Addr)>) -> Self {
        let namespaces = Holder::agent();
        for command in [
            "mount -t tmpfs -o mode=755 tmpfs /var/lib",
            "ip link set lo up",
            &format!("ip address add {HOST}/32 dev lo"),
            // Else it would take another one with each pod, and all others would lose their way.
            &format!("ip link add {BRIDGE} address {BRIDGE_ADDRESS} type bridge"),
            &format!("ip address add {GATEWAY}/24 dev {BRIDGE}"),
            &format!("ip link set {BRIDGE} up"),
        ] {
            namespaces.run(&command.split(' ').collect::<Vec<_>>());
        }
        let address = SocketAddrV4::new(HOST, AGENT_PORT);
        let api = namespaces.within_the_network(|| Endpoint::start(address, "the agent"));
        Self {
            images,
            names,
            pulled: Mutex::default(),
            next: AtomicU8::new(FIRST),
            api,
            namespaces,
        }
    }

    /// Listens on this agent; connections come from its pods.
    pub(crate) fn listen(&self, port: u16) -> TcpListener {
        let address = SocketAddrV4::new(HOST, port);
        self.namespaces.within_the_network(|| TcpListener::bind(address)).unwrap()
    }

    /// Something on this agent that answers with its name.
    pub(crate) fn endpoint(&self, port: u16, name: &str) -> Endpoint {
        let address = SocketAddrV4::new(HOST, port);
        self.namespaces.within_the_network(|| Endpoint::start(address, name))
    }

    /// Does something in the agent's network.
    pub(crate) fn within<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        self.namespaces.within_the_network(work)
    }

    /// A program in the agent's network, which its pods are connected to.
    pub(crate) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut nsenter = Command::new("nsenter");
        nsenter.arg(self.namespaces.network_argument()).arg("--").arg(program);
        nsenter.stdin(Stdio::null());
        nsenter
    }

    /// Runs a command in the agent's network.
    pub(crate) fn exec(&self, command: &[&str]) -> Output {
        self.command(command[0]).args(&command[1..]).output().unwrap()
    }

    /// How often the agent itself was asked.
    pub(crate) fn asked(&self) -> usize {
        self.api.asked()
    }

    /// A path of the agent, as the tests reach it.
    pub(crate) fn path(&self, path: impl AsRef<Path>) -> PathBuf {
        self.namespaces.path(path)
    }

    pub(super) fn namespaces(&self) -> &Holder {
        &self.namespaces
    }

    /// An image, of which the agent has its own copy from the first time on: the machine's root
    /// cannot lie below layers that are a part of it.
    pub(super) fn pull(&self, id: &str) -> Option<Image> {
        let image = self.images.get(id)?;
        let mut pulled = self.pulled.lock().unwrap();
        let layers = image.layers.iter().map(|layer| self.layer(layer, &mut pulled)).collect();
        Some(Image { layers, programs: image.programs.clone() })
    }

    fn layer(&self, layer: &Path, pulled: &mut Vec<PathBuf>) -> PathBuf {
        let number = pulled.iter().position(|one| one == layer).unwrap_or(pulled.len());
        let own = Path::new(WORK_DIRECTORY).join("layers").join(number.to_string());
        if number == pulled.len() {
            let directory = own.to_str().expect("an agent's path");
            self.namespaces.run(&["mkdir", "-p", directory]);
            let content = layer.join(".");
            self.namespaces.run(&["cp", "-a", content.to_str().expect("UTF-8"), directory]);
            pulled.push(layer.to_owned());
        }
        own
    }

    /// `/etc/hosts` of its pods.
    pub(super) fn hosts(&self) -> String {
        let mut hosts = "127.0.0.1 localhost\n".to_owned();
        for (name, address) in &self.names {
            writeln!(hosts, "{address} {name}").expect("a string");
        }
        hosts
    }

    /// A network for an instance, connected to the bridge.
    pub(super) fn connect(&self) -> (Holder, Ipv4Addr) {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        assert!((FIRST..u8::MAX).contains(&number), "all addresses have been given out");
        let address = Ipv4Addr::new(9, 0, 0, number);
        let network = Holder::network(&self.namespaces);
        let link = format!("veth{number}");
        let pid = network.pid().to_string();
        let end = format!("ip link add {link} type veth peer name eth0 netns {pid}");
        for command in [end, format!("ip link set {link} master {BRIDGE} up")] {
            self.namespaces.run(&command.split(' ').collect::<Vec<_>>());
        }
        for command in [
            "ip link set lo up",
            &format!("ip address add {address}/24 dev eth0"),
            "ip link set eth0 up",
            &format!("ip route add default via {GATEWAY}"),
        ] {
            network.run(&command.split(' ').collect::<Vec<_>>());
        }
        (network, address)
    }
}

//! The real Envoy in a network of its own, where it is client and server at once: what is for a
//! service's virtual address is captured, and what it sends on to its own workload's address, too.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::super::Pilot;
use super::DOMAIN;
use crate::bundles::{self, Authority};
use crate::network;
use crate::parts::HELD;

/// Where Pilot is, in that network.
const PILOT: (&str, u16) = ("127.0.0.1", 15010);

/// A virtual address: who calls it is captured.
pub(super) const VIRTUAL: &str = "11.0.0.1:8000";

/// The instance that Envoy stands beside, and its address.
pub(super) const INSTANCE: &str = "httpbin.1";
pub(super) const ADDRESS: [u8; 4] = [9, 0, 0, 2];

/// Where the certificates are to be, what to run, with which configuration, and its log.
const START: &str = r#"set -e
mount -t overlay none -o "lowerdir=$1:/etc" /etc
ip link set lo up
for captured in 9.0.0.0/24 11.0.0.0/8; do
  ip route add local "$captured" dev lo
  iptables -t nat -A OUTPUT -p tcp -d "$captured" -j REDIRECT --to-ports 15001
done
echo ready
exec "$2" --disable-hot-restart --concurrency 1 --drain-time-s 1 -c "$3" >"$4" 2>&1
"#;

/// An Envoy that runs until it is dropped.
pub(super) struct Machine {
    envoy: Child,
    directory: TempDir,
}

impl Machine {
    /// Starts one whose certificate is for this identity.
    pub(super) fn new(identity: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join(name);
        fs::create_dir_all(at("etc/certs")).unwrap();
        certificates(&at("etc/certs"), identity);
        fs::write(at("bootstrap.json"), bootstrap().to_string()).unwrap();
        let mut envoy = Command::new("unshare")
            .args(["--net", "--mount", "sh", "-c", &[HELD, START].concat(), "sh"])
            .arg(at("etc"))
            .arg(crate::parts::envoy())
            .args([at("bootstrap.json"), at("log")])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .process_group(0)
            .spawn()
            .unwrap();
        let mut said = String::new();
        BufReader::new(envoy.stdout.take().unwrap()).read_line(&mut said).unwrap();
        let machine = Self { envoy, directory };
        assert_eq!(said, "ready\n", "the network could not be made");
        machine
    }

    /// Runs this with a Pilot in the machine's network.
    pub(super) fn run(&self, act: impl FnOnce(&Pilot) + Send) {
        let inside = || act(&Pilot::serve(TcpListener::bind(PILOT).unwrap()));
        network::within(&network::of(self.envoy.id()), inside);
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        if thread::panicking() {
            let log = fs::read_to_string(self.directory.path().join("log"));
            eprintln!("{}", log.unwrap_or_default());
        }
        let _ = self.envoy.kill();
        let _ = self.envoy.wait();
    }
}

/// What pilot-agent would tell Envoy at its start.
fn bootstrap() -> Value {
    let source = json!({
        "resource_api_version": "V3",
        "api_config_source": {
            "api_type": "REST",
            "transport_api_version": "V3",
            "cluster_names": ["xds-rest"],
            "refresh_delay": "0.1s"
        }
    });
    let (address, port) = PILOT;
    let pilot = json!({"socket_address": {"address": address, "port_value": port}});
    json!({
        "node": {"id": format!("sidecar~9.0.0.2~{INSTANCE}~{DOMAIN}"), "cluster": "httpbin"},
        "dynamic_resources": {"lds_config": source, "cds_config": source},
        "static_resources": {"clusters": [{
            "name": "xds-rest",
            "type": "STATIC",
            "load_assignment": {
                "cluster_name": "xds-rest",
                "endpoints": [{"lb_endpoints": [{"endpoint": {"address": pilot}}]}]
            }
        }]}
    })
}

/// Writes the files of a bundle for this identity, by a CA of its own.
pub(super) fn certificates(directory: &Path, identity: &str) {
    bundles::unpack(&Authority::new().bundle(&["--identity", identity]), directory);
}

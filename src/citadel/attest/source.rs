//! Whether a connection comes from where Marathon says that a pod is.

use std::net::IpAddr;
use std::str::FromStr;
use std::time::Duration;

use tokio::net::lookup_host;
use tokio::time::timeout;

use super::Denied;
use crate::marathon::Instance;

/// How long the name of an agent may take to be resolved.
const RESOLUTION: Duration = Duration::from_secs(2);

/// Where connections of a pod's containers may come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SourceAddress {
    /// The addresses of the instance.
    #[default]
    Instance,
    /// These, or those of the agent that it runs on: for networks behind the agent's address.
    Agent,
    /// Anywhere.
    Any,
}

impl FromStr for SourceAddress {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        match text {
            "instance" => Ok(Self::Instance),
            "agent" => Ok(Self::Agent),
            "any" => Ok(Self::Any),
            _ => Err("expected instance, agent or any"),
        }
    }
}

impl SourceAddress {
    /// Checks that a connection from `address` can be one of an instance.
    pub(super) async fn check(self, address: IpAddr, instance: &Instance) -> Result<(), Denied> {
        if self == Self::Any {
            return Ok(());
        }
        // On a socket for both versions an IPv4 address comes as one of IPv6.
        let address = address.to_canonical();
        let networks = instance.networks.iter().flat_map(|network| &network.addresses);
        let known: Vec<IpAddr> = networks.filter_map(|text| text.parse().ok()).collect();
        if known.contains(&address) {
            return Ok(());
        }
        if self == Self::Agent && is_of_agent(address, instance).await? {
            return Ok(());
        }
        match known[..] {
            [] => Err(Denied::Undecided("Marathon does not know yet where the pod is".to_owned())),
            _ => Err(Denied::Forbidden(format!("the pod is at {known:?}, not at {address}"))),
        }
    }
}

async fn is_of_agent(address: IpAddr, instance: &Instance) -> Result<bool, Denied> {
    let Some(host) = instance.agent_hostname.as_deref() else { return Ok(false) };
    if let Ok(known) = host.parse::<IpAddr>() {
        return Ok(known.to_canonical() == address);
    }
    let undecided = |why: String| Denied::Undecided(format!("the agent {host:?}: {why}"));
    let resolved = timeout(RESOLUTION, lookup_host((host, 0))).await;
    let resolved =
        resolved.map_err(|_| undecided("its name was not resolved in time".to_owned()))?;
    let mut resolved = resolved.map_err(|error| undecided(error.to_string()))?;
    Ok(resolved.any(|known| known.ip().to_canonical() == address))
}

//! How often one may ask, and how many at a time. Who asks too often is told so, and costs little.

use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::sync::Arc;

use governor::clock::DefaultClock;
use governor::state::keyed::HashMapStateStore;
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::identity::SpiffeId;

/// How many enrolments may come from an address at once.
const ENROLMENT_BURST: NonZeroU32 = NonZeroU32::new(5).expect("five is not zero");

/// How many of those who are turned away the audit log names in a second.
const TOLD: NonZeroU32 = NonZeroU32::new(10).expect("ten is not zero");

/// How many addresses or identities are remembered; while there are as many, all are turned away.
const MOST_KEYS: usize = 1 << 16;

/// The part of an IPv6 address that one host may have all of (RFC 6177).
const HOST_BITS: u32 = 64;

/// Why somebody is turned away for now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Overload {
    /// From one address.
    #[error("too many enrolments from this address")]
    Enrolments,
    /// For one identity.
    #[error("too many certificates for this identity")]
    Signings,
    /// From all together.
    #[error("too many requests at a time")]
    InFlight,
}

/// All limits.
pub(super) struct Limits {
    enrolments: Option<Keyed<IpAddr>>,
    signings: Option<Keyed<String>>,
    in_flight: Arc<Semaphore>,
    told: DefaultDirectRateLimiter,
}

/// A limit of its own for each key.
struct Keyed<K: Hash + Eq + Clone>(RateLimiter<K, HashMapStateStore<K>, DefaultClock>);

impl Limits {
    pub(super) fn new(
        in_flight: usize,
        sign_rate: Option<NonZeroU32>,
        enrol_rate: Option<NonZeroU32>,
    ) -> Self {
        let enrolments = |rate| Quota::per_second(rate).allow_burst(ENROLMENT_BURST.max(rate));
        Self {
            enrolments: enrol_rate.map(|rate| Keyed::new(enrolments(rate))),
            signings: sign_rate.map(|rate| Keyed::new(Quota::per_second(rate))),
            in_flight: Arc::new(Semaphore::new(in_flight)),
            told: RateLimiter::direct(Quota::per_second(TOLD)),
        }
    }

    /// Lets a request be decided, until what is returned is dropped.
    pub(super) fn enter(&self) -> Result<OwnedSemaphorePermit, Overload> {
        Arc::clone(&self.in_flight).try_acquire_owned().map_err(|_| Overload::InFlight)
    }

    /// Lets somebody enrol from an address.
    pub(super) fn enrolment(&self, from: IpAddr) -> Result<(), Overload> {
        let free = self.enrolments.as_ref().is_none_or(|limit| limit.allows(&host(from)));
        if free { Ok(()) } else { Err(Overload::Enrolments) }
    }

    /// Lets an identity have a certificate.
    pub(super) fn signing(&self, identity: &SpiffeId) -> Result<(), Overload> {
        let free = self.signings.as_ref().is_none_or(|limit| limit.allows(&identity.to_string()));
        if free { Ok(()) } else { Err(Overload::Signings) }
    }

    /// Whether the audit log is to have a line of somebody who was turned away: otherwise it would be
    /// easy to fill the disk with such lines.
    pub(super) fn is_told(&self) -> bool {
        self.told.check().is_ok()
    }

    /// Forgets those who have not asked lately.
    pub(super) fn forget(&self) {
        self.enrolments.iter().for_each(Keyed::forget);
        self.signings.iter().for_each(Keyed::forget);
    }
}

impl<K: Hash + Eq + Clone> Keyed<K> {
    fn new(quota: Quota) -> Self {
        Self(RateLimiter::new(quota, HashMapStateStore::default(), DefaultClock::default()))
    }

    fn allows(&self, key: &K) -> bool {
        self.0.len() < MOST_KEYS && self.0.check_key(key).is_ok()
    }

    fn forget(&self) {
        self.0.retain_recent();
        self.0.shrink_to_fit();
    }
}

/// What stands for the host of an address: a host with a whole IPv6 network is still one.
pub(super) fn host(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => {
            let network = u128::from(address) >> HOST_BITS << HOST_BITS;
            Ipv6Addr::from(network).into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_with_many_addresses_enrols_as_one() {
        let limits = Limits::new(1, NonZeroU32::new(1), NonZeroU32::new(1));
        let free = |text: &str| limits.enrolment(text.parse().unwrap()).is_ok();
        let network = (0..64).map(|host| free(&format!("2001:db8:0:1::{host}")));
        assert!((5..32).contains(&network.filter(|free| *free).count()));
        assert!(free("2001:db8:0:2::1"), "another network");
        let mut hosts = (0..64).map(|host| free(&format!("192.0.2.{host}")));
        assert!(hosts.all(|free| free), "each has an address of its own");
    }
}

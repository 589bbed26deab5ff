//! The places of connections: so many in all, and so many for one address, for otherwise one peer
//! could take them all.

use std::collections::HashMap;
use std::net::IpAddr;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::limits::host;

/// All places.
#[derive(Clone)]
pub(super) struct Seats(Arc<Shared>);

struct Shared {
    all: usize,
    /// None is any number.
    of_address: Option<NonZeroUsize>,
    taken: Mutex<Taken>,
}

#[derive(Default)]
struct Taken {
    all: usize,
    /// Of each host that has some.
    by_host: HashMap<IpAddr, usize>,
}

/// A place, until it is dropped.
pub(super) struct Seat {
    seats: Seats,
    host: IpAddr,
}

impl Seats {
    pub(super) fn new(all: usize, of_address: Option<NonZeroUsize>) -> Self {
        Self(Arc::new(Shared { all, of_address, taken: Mutex::default() }))
    }

    /// A place for a connection from an address, if there is one.
    pub(super) fn take(&self, address: IpAddr) -> Option<Seat> {
        let host = host(address.to_canonical());
        let mut taken = self.taken();
        let here = taken.by_host.get(&host).copied().unwrap_or_default();
        if taken.all >= self.0.all || self.0.of_address.is_some_and(|most| here >= most.get()) {
            return None;
        }
        taken.all += 1;
        taken.by_host.insert(host, here + 1);
        Some(Seat { seats: self.clone(), host })
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.0.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut taken = self.seats.taken();
        taken.all -= 1;
        if let Some(here) = taken.by_host.get_mut(&self.host) {
            *here -= 1;
            if *here == 0 {
                taken.by_host.remove(&self.host);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seats(all: usize, of_address: usize) -> Seats {
        Seats::new(all, NonZeroUsize::new(of_address))
    }

    fn take(seats: &Seats, address: &str) -> Option<Seat> {
        seats.take(address.parse().unwrap())
    }

    #[test]
    fn one_address_takes_no_more_than_its_share_and_what_it_leaves_is_free_again() {
        let seats = seats(8, 2);
        let mut held: Vec<_> = (0..2).map(|_| take(&seats, "192.0.2.1").unwrap()).collect();
        assert!(take(&seats, "192.0.2.1").is_none());
        assert!(take(&seats, "::ffff:192.0.2.1").is_none(), "the same by way of IPv6");
        assert!(take(&seats, "192.0.2.2").is_some());
        held.pop();
        held.extend(take(&seats, "192.0.2.1"));
        assert_eq!(held.len(), 2);
        drop(held);
        assert!(seats.taken().by_host.is_empty(), "who is gone is forgotten");
    }

    #[test]
    fn a_host_with_many_addresses_takes_no_more_than_one() {
        let seats = seats(8, 1);
        let _held = take(&seats, "2001:db8:0:1::1").unwrap();
        assert!(take(&seats, "2001:db8:0:1::2").is_none());
        assert!(take(&seats, "2001:db8:0:2::1").is_some(), "another network");
    }

    #[test]
    fn all_together_take_no_more_than_there_are() {
        let seats = seats(2, 0);
        let _held = [take(&seats, "192.0.2.1").unwrap(), take(&seats, "192.0.2.1").unwrap()];
        assert!(take(&seats, "192.0.2.2").is_none());
    }
}

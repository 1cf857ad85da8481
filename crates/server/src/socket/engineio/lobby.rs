//! Where connections are until their client has proved who it is. Anybody can open one, so there are places for so many
//! of them and no more, and nobody who has signed in needs one.

use super::refusal::Refusal;
use crate::limit::Who;
use crate::rest::{Address, Failure};
use crate::socket::socketio::ENTER_TIME_MAX;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Connections at one time that have not signed in; beyond it the server is overloaded.
const PLACES_MAX: usize = 10_000;
/// Of those, the ones of one address.
const ADDRESS_PLACES_MAX: usize = 200;

/// The connections that have not signed in. A clone is the same.
#[derive(Clone, Default)]
pub(super) struct Lobby(Arc<Mutex<Places>>);

#[derive(Default)]
struct Places {
    taken: usize,
    taken_by: HashMap<Who, usize>,
}

/// A connection's place; dropping it leaves.
pub(in crate::socket) struct Place {
    lobby: Lobby,
    who: Who,
}

impl Lobby {
    pub(super) fn enter(&self, Address(address): Address) -> Result<Place, Refusal> {
        let who = Who::at(address);
        let mut places = self.places();
        let taken_by = places.taken_by.get(&who).copied().unwrap_or_default();
        if taken_by >= ADDRESS_PLACES_MAX {
            return Err(crowded().into());
        }
        if places.taken >= PLACES_MAX {
            return Err(Refusal::Overloaded);
        }
        places.taken_by.insert(who, taken_by + 1);
        places.taken += 1;
        drop(places);
        Ok(Place { lobby: self.clone(), who })
    }

    fn places(&self) -> MutexGuard<'_, Places> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut places = self.lobby.places();
        places.taken -= 1;
        if let Some(taken_by) = places.taken_by.get_mut(&self.who) {
            *taken_by -= 1;
            if *taken_by == 0 {
                places.taken_by.remove(&self.who);
            }
        }
    }
}

fn crowded() -> Failure {
    let retry_after_seconds = u32::try_from(ENTER_TIME_MAX.as_secs()).unwrap_or(u32::MAX);
    let detail = format!(
        "an address has room for {ADDRESS_PLACES_MAX} connections that have not signed in; wait {retry_after_seconds} seconds"
    );
    Failure::Crowded { detail, retry_after_seconds }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{Ipv4Addr, Ipv6Addr};

    fn v4(number: u32) -> Address {
        Address(Ipv4Addr::from_bits(number).into())
    }

    fn v6(network: u64, host: u64) -> Address {
        Address(Ipv6Addr::from_bits((u128::from(network) << 64) | u128::from(host)).into())
    }

    #[test]
    fn an_address_has_so_many_places() {
        let lobby = Lobby::default();
        let mut places: Vec<_> = (0..200).map(|_| lobby.enter(v4(1)).unwrap()).collect();
        assert!(matches!(lobby.enter(v4(1)), Err(Refusal::Failure(_))));
        let _other = lobby.enter(v4(2)).unwrap();
        places.pop();
        places.push(lobby.enter(v4(1)).unwrap());
        assert!(lobby.enter(v4(1)).is_err());
        drop(places);
        assert_eq!(lobby.places().taken_by.len(), 1, "who has left is forgotten");
    }

    #[test]
    fn addresses_of_one_network_are_one() {
        let lobby = Lobby::default();
        let places: Vec<_> = (0..200).map(|host| lobby.enter(v6(7, host)).unwrap()).collect();
        assert!(lobby.enter(v6(7, 200)).is_err());
        assert!(lobby.enter(v6(8, 0)).is_ok());
        drop(places);
    }

    #[test]
    fn there_are_so_many_places_for_all() {
        let lobby = Lobby::default();
        let mut places: Vec<_> = (0..10_000).map(|number| lobby.enter(v4(number)).unwrap()).collect();
        assert!(matches!(lobby.enter(v4(10_000)), Err(Refusal::Overloaded)));
        places.pop();
        assert!(lobby.enter(v4(10_000)).is_ok());
    }
}

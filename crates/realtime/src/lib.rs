//! Gets an event to every connection that wants it: the frame codec, the connections, and the hub that knows them.
//!
//! Invariant: nobody waits for a slow connection, and no durable event goes missing in silence. Each connection either
//! is written every event that was delivered to it, in the order of delivery, or is told (`sync.lagging`) up to where
//! it has to pull from the log, or is closed. What waits for a connection is bounded in bytes and in time.
//!
//! An event's road: [`Frame`] encodes it once, [`Hub::deliver`] puts the shared frame into the outbox of each
//! connection, and has what is there written with one system call for each; what a socket does not take is written by the
//! connection's own task, [`serve`], once it does. Connections that speak Socket.IO, or understand compression, share
//! that frame too: a further form of it is made when the first of them wants it ([`Wire`]).
//!
//! A client that was away asks for what it missed on the connection on which it also gets what happens meanwhile. Its
//! [`Session`] answers with a [`Replay`]; until that has ended, events wait behind it, and those that it told are not
//! sent again.
//!
//! Nothing here reads a clock or draws a random number; the only timer is the hub's one sweep a second. It pings, counts
//! down to the end of tokens, and ends what stands still.

pub mod codec;
mod connection;
mod frame;
mod hub;
mod io;
mod outbox;
mod stopwatch;

pub use connection::{Received, Replay, Replayed, Session, serve};
pub use frame::{Dialect, Frame, Wire};
pub use hub::{Handle, Hub, Limits, Newcomer, PresenceNews, Refused, Registration};
pub use io::{Duplex, Io};

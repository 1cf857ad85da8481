//! Gets an event to every connection that wants it: the frame codec, the connections, and the hub that knows them.
//!
//! Invariant: nobody waits for a slow connection, and no durable event goes missing in silence. Each connection either
//! is written every event that was delivered to it, in the order of delivery, or is told (`sync.lagging`) up to where
//! it has to pull from the log, or is closed. What waits for a connection is bounded in bytes.
//!
//! An event's road: [`Frame`] encodes it once, [`Hub::deliver`] puts the shared frame into the outbox of each
//! connection, and [`serve`] writes what is there with one system call. Nothing here reads a clock or draws a random
//! number; the only timer is the hub's one sweep a second.

pub mod codec;
mod connection;
mod frame;
mod hub;
mod outbox;
mod stopwatch;

pub use connection::{Received, Replay, Replayed, Session, serve};
pub use frame::{Dialect, Frame, Wire};
pub use hub::{Handle, Hub, Limits, Newcomer, PresenceNews, Refused, Registration};

//! Previews of links: asks the website that a link leads to what is there.
//!
//! Whoever writes a message chooses the address, so nothing is asked that is not on the public internet: each address
//! that a name stands for is looked at, the connection goes to an address that was looked at, and each redirect is taken
//! like a new link. Everything is bounded: time, bytes, redirects, ports.

mod fetch;
mod parse;
mod vet;

pub(crate) use fetch::WebPages;

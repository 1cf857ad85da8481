//! Files: taken in piece by piece, looked at, kept, and given out again.
//!
//! Invariant: no file is ever whole in memory, and nothing is believed that a client says about one. What is kept is on
//! disk, or with the object store, when it is said to be. There is no SQL and no HTTP server here, and no rule about who
//! may do what.

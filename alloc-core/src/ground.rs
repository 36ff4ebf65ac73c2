//! The ground: memory by the page, and how much of it stays.
//!
//! `supply` cuts spans from regions (`region` has one's maps); `mapping` has blocks with a
//! mapping of their own. `keep` says how much freed memory stays, `huge` whether huge pages
//! are worth asking for, `relief` gives back when the system has none. `pagemap` knows whose
//! an address is.

pub(crate) mod huge;
pub(crate) mod keep;
pub(crate) mod mapping;
pub(crate) mod pagemap;
pub(crate) mod region;
pub(crate) mod relief;
pub(crate) mod supply;

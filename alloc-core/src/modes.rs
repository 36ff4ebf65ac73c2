//! The modes: blocks as users get them.
//!
//! `plain` hands them out as they are; `hardened`, a feature, sealed, cleared and delayed.
//! Both take them from `tiers`: a block of any size, from where its size belongs.

#[cfg(feature = "hardened")]
pub(crate) mod hardened;
#[cfg(not(feature = "hardened"))]
pub(crate) mod plain;
pub(crate) mod tiers;

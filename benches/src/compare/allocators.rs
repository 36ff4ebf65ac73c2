//! Who is compared.
//!
//! # Invariants
//! - The order here is the order in all output.
//! - Each key but the floor's has two binaries: `worker-KEY`, which knows every workload,
//!   and `empty-KEY`, an empty program.

use crate::workloads::{Subject, Workload};

/// What an allocator is in the comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The one whose figures are in question.
    Ours,
    /// The C library's: what a program gets that chooses nothing.
    System,
    /// Another that people choose, with caches for each thread; built with
    /// `--features peers` alone.
    Peer,
    /// Never frees, thus no rival: runs only workloads that have a floor.
    Floor,
    /// Ours inside the profiler, which counts from the first profiled call on; no
    /// rival of ours, and run only when named.
    Profiled,
    /// The system's inside another heap profiler; run only when named, built with
    /// `--features peers` alone.
    OtherProfiler,
}

/// One allocator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allocator {
    /// Its name on the command line and in all output.
    pub key: &'static str,
    /// What it is in the comparison.
    pub role: Role,
}

impl Allocator {
    /// Returns whether it was built into this comparison.
    pub fn is_available(self) -> bool {
        !matches!(self.role, Role::Peer | Role::OtherProfiler) || cfg!(feature = "peers")
    }

    /// Returns whether it runs if no allocator is named.
    pub fn runs_unasked(self) -> bool {
        !matches!(self.role, Role::Profiled | Role::OtherProfiler)
    }

    /// Returns whether others are measured against it.
    pub fn is_rival(self) -> bool {
        matches!(self.role, Role::System | Role::Peer)
    }

    /// Returns the name of the binary that runs this workload under it.
    ///
    /// What a process takes that does nothing is asked of an [empty](crate::empty)
    /// program.
    pub fn worker(self, workload: &Workload) -> String {
        let kind = if workload.subject == Subject::Process { "empty" } else { "worker" };
        format!("{kind}-{}", self.key)
    }
}

/// All of them, available or not.
pub const ALL: &[Allocator] = &[
    Allocator { key: "pool", role: Role::Ours },
    Allocator { key: "system", role: Role::System },
    Allocator { key: "mimalloc", role: Role::Peer },
    Allocator { key: "jemalloc", role: Role::Peer },
    Allocator { key: "snmalloc", role: Role::Peer },
    Allocator { key: "rusty_alloc", role: Role::Peer },
    Allocator { key: "bump", role: Role::Floor },
    Allocator { key: "profiled", role: Role::Profiled },
    Allocator { key: "dhat", role: Role::OtherProfiler },
];

/// Returns those that this build can run.
pub fn available() -> impl Iterator<Item = Allocator> {
    ALL.iter().copied().filter(|allocator| allocator.is_available())
}

/// Returns those of the named that this build can run, each once; if none is named,
/// all that run unasked.
pub fn chosen(named: &[Allocator]) -> impl Iterator<Item = Allocator> {
    available().filter(|one| match named {
        [] => one.runs_unasked(),
        _ => named.contains(one),
    })
}

/// Returns the allocator of that key, available or not.
///
/// ```
/// use benches::compare::allocators::{Role, find};
///
/// assert_eq!(find("system").map(|found| found.role), Some(Role::System));
/// assert!(find("no such").is_none());
/// ```
pub fn find(key: &str) -> Option<Allocator> {
    ALL.iter().copied().find(|allocator| allocator.key == key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_system_is_available_without_peers() {
        assert!(available().any(|allocator| allocator.role == Role::System));
    }

    #[test]
    fn neither_ours_nor_the_floor_nor_a_profiler_is_a_rival() {
        let rivals: Vec<_> = ALL.iter().filter(|one| one.is_rival()).map(|one| one.key).collect();
        assert_eq!(rivals, ["system", "mimalloc", "jemalloc", "snmalloc", "rusty_alloc"]);
    }

    #[test]
    fn profilers_run_when_named_alone() {
        let is_unasked = |key: &str| chosen(&[]).any(|one| one.key == key);
        assert!(is_unasked("pool") && is_unasked("bump"));
        assert!(!is_unasked("profiled") && !is_unasked("dhat"));
        let named = [find("profiled"), find("pool")].map(|one| one.expect("an allocator"));
        let keys: Vec<_> = chosen(&named).map(|one| one.key).collect();
        assert_eq!(keys, ["pool", "profiled"]);
    }
}

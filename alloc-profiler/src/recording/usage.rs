//! The process's memory as the system counts it, for functions whose backend is
//! not the heap.
//!
//! It is asked at every line, so such a function runs slowly, and what the
//! system answers is in whole pages of the whole process: other threads' memory
//! is in it, and what the allocator keeps or has not yet touched. That is the
//! comparison that one wants.

use std::collections::HashMap;
use std::iter;

use procfs::ProcResult;
use procfs::process::Process;

use crate::counting::uncounted::Uncounted;
use crate::options::Backend;
use crate::recording::frame::Frame;

/// Returns the process's memory by `backend`, in bytes; zero where the system
/// does not say.
pub(crate) fn bytes(backend: Backend) -> u64 {
    // What reading `/proc` allocates is ours.
    let _uncounted = Uncounted::begin();
    Process::myself().and_then(|process| ask(&process, backend)).unwrap_or(0)
}

/// Returns the same with the memory of all processes that descend from this one.
pub(crate) fn bytes_of_family(backend: Backend) -> u64 {
    let _uncounted = Uncounted::begin();
    let mut parents = HashMap::new();
    for process in procfs::process::all_processes().into_iter().flatten().flatten() {
        if let Ok(stat) = process.stat() {
            parents.insert(stat.pid, stat.ppid);
        }
    }
    let own = std::process::id().cast_signed();
    let is_ours = |pid: i32| {
        let ancestors = iter::successors(Some(pid), |pid| parents.get(pid).copied());
        // A line of ancestors ends, unless the list was made while it changed.
        ancestors.take(parents.len() + 1).any(|pid| pid == own)
    };
    let family = parents.keys().copied().filter(|pid| is_ours(*pid));
    family.filter_map(|pid| ask(&Process::new(pid).ok()?, backend).ok()).sum()
}

fn ask(process: &Process, backend: Backend) -> ProcResult<u64> {
    if backend == Backend::Rss {
        return Ok(process.statm()?.resident * procfs::page_size());
    }
    let rollup = process.smaps_rollup()?;
    let map = rollup.memory_map_rollup.iter().next();
    let field = |name: &str| map.and_then(|map| map.extension.map.get(name)).copied().unwrap_or(0);
    Ok(match backend {
        Backend::Pss => field("Pss"),
        _ => field("Private_Clean") + field("Private_Dirty") + field("Private_Hugetlb"),
    })
}

/// Notes what the system says as a call begins, and has it asked at each line.
#[cold]
pub(crate) fn begin(frame: Frame) {
    let slots = frame.slots;
    slots.usage_bytes.set(bytes(slots.site.options().backend));
    slots.unsettle();
}

/// Charges the line in force with what the system says has changed.
#[cold]
pub(crate) fn charge(frame: Frame) {
    let slots = frame.slots;
    let (line, before) = (slots.current_line(), slots.usage_bytes.get());
    begin(frame);
    let now = slots.usage_bytes.get();
    let increment = now.wrapping_sub(before).cast_signed();
    line.usage_increment_bytes.set(line.usage_increment_bytes.get().wrapping_add(increment));
    line.usage_bytes.raise(now);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_system_answers_in_bytes() {
        let [rss, pss, uss] = [Backend::Rss, Backend::Pss, Backend::Uss].map(bytes);
        assert!(uss > 100 << 10 && uss <= pss, "{uss} {pss}");
        // RSS comes from another file, at another moment.
        assert!(pss <= rss + (1 << 20) && rss < 1 << 32, "{pss} {rss}");
    }
}

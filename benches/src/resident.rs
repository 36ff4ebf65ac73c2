//! How much memory a process has resident, as the kernel says.

use std::time::Duration;

use procfs::ProcResult;
use procfs::process::Process;

/// How long a process idles before its resident set counts as idle.
pub(crate) const IDLE: Duration = Duration::from_secs(1);

/// Returns the high-water mark of the resident set, in KiB.
pub(crate) fn peak_kib(process: &Process) -> ProcResult<u64> {
    let status = process.status()?;
    status.vmhwm.ok_or_else(|| "no VmHWM in /proc/PID/status".into())
}

/// Returns the resident set now, in KiB: from the page tables, since the counter
/// behind `VmRSS` is allowed to lag by some hundred KiB.
pub(crate) fn now_kib(process: &Process) -> ProcResult<u64> {
    let rollup = process.smaps_rollup()?;
    let map = rollup.memory_map_rollup.iter().next();
    let bytes = map.and_then(|map| map.extension.map.get("Rss"));
    bytes.map(|bytes| bytes / 1024).ok_or_else(|| "no Rss in /proc/PID/smaps_rollup".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_resident_set_is_positive_and_below_its_peak() {
        let this = Process::myself().expect("/proc is mounted");
        let now = now_kib(&this).expect("/proc is mounted");
        assert!(now > 0);
        // The two come from different counters; the peak may lag a little.
        assert!(peak_kib(&this).expect("/proc is mounted") + 1024 > now);
    }
}

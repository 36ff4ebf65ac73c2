//! Where the figures come from: a figure without its machine says nothing.

use std::thread;

use procfs::sys::kernel::Version;
use procfs::{CpuInfo, Current as _, Meminfo};

/// Returns one line: processor, its usable CPUs, memory, kernel; what cannot be
/// read is left out.
///
/// ```
/// assert!(benches::compare::machine::describe().contains("CPU"));
/// ```
pub fn describe() -> String {
    let mut parts = Vec::new();
    if let Some(model) = CpuInfo::current().ok().and_then(|cpus| model(&cpus)) {
        parts.push(model);
    }
    let cpus = cpus();
    parts.push(format!("{cpus} CPU{}", if cpus == 1 { "" } else { "s" }));
    if let Ok(memory) = Meminfo::current() {
        parts.push(format!("{} GiB", (memory.mem_total + (1 << 29)) >> 30));
    }
    if let Ok(kernel) = Version::current() {
        let Version { major, minor, patch } = kernel;
        parts.push(format!("Linux {major}.{minor}.{patch}"));
    }
    parts.push(std::env::consts::ARCH.to_owned());
    parts.join(", ")
}

/// Returns how many threads run at a time.
pub fn cpus() -> usize {
    thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

/// Returns the memory that a process may take without the machine swapping;
/// `None` if the kernel does not say.
pub fn available_bytes() -> Option<u64> {
    Meminfo::current().ok()?.mem_available
}

fn model(cpus: &CpuInfo) -> Option<String> {
    let model = cpus.model_name(0)?.trim();
    (!model.is_empty()).then(|| model.to_owned())
}

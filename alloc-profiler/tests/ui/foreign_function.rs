unsafe extern "C" {
    #[alloc_profiler::profile]
    fn abort() -> !;
}

fn main() {
    let _ = abort as unsafe extern "C" fn() -> !;
}

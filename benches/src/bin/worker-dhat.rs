//! The worker whose global allocator is the system's inside dhat, which records from
//! the start to the end. Its testing mode records the same and writes no file.

#[global_allocator]
static GLOBAL: dhat::Alloc = dhat::Alloc;

fn main() -> std::process::ExitCode {
    let _recording = dhat::Profiler::builder().testing().build();
    benches::worker::main()
}

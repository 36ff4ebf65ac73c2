//! Compares allocators over many workloads; see `benches/README.md`.

fn main() -> std::process::ExitCode {
    benches::compare::main()
}

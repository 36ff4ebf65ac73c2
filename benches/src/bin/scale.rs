//! Shows how the cost of an operation grows; see `benches/README.md`.

fn main() -> std::process::ExitCode {
    benches::scale::main()
}

//! The binary: hands the arguments to the library's command line.

fn main() -> std::process::ExitCode {
    balancelab::cli::main()
}

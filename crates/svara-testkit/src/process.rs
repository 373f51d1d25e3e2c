//! For tests that measure their own process.

use std::process::Command;

/// Set in the process that [`alone`] starts.
const ALONE: &str = "SVARA_TEST_ALONE";

/// Whether the test runs in a process of its own. If not, runs it there, and the caller returns: other tests of the same
/// process would be measured, too. `test` is the test's path in its binary, such as `stream::memory_is_bounded`.
///
/// # Panics
/// The test fails there, or isn't found.
#[must_use]
pub fn alone(test: &str) -> bool {
    if std::env::var_os(ALONE).is_some() {
        return true;
    }
    let mut command = Command::new(std::env::current_exe().expect("a test has a path"));
    let output = command.args(["--exact", test, "--nocapture"]).env(ALONE, "1").output().expect("it starts");
    let stdout = String::from_utf8_lossy(&output.stdout);
    println!("{stdout}{}", String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{test} failed in a process of its own");
    assert!(stdout.contains("1 passed"), "there is no test {test}");
    false
}

/// The resident set of this process.
///
/// # Panics
/// This isn't Linux.
#[must_use]
pub fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).expect("VmRSS");
    line.split_whitespace().nth(1).and_then(|kib| kib.parse().ok()).expect("a number of KiB")
}

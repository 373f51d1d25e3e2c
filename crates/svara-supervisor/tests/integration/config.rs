//! Invalid files, and the shipped file.

use std::{
    net::TcpListener,
    path::Path,
    process::{Command, Stdio},
};

use nix::{sys::signal::Signal, unistd::Pid};

use crate::bed::{Bed, Killed, eventually, fake, free_port};

fn check(path: &Path) -> (i32, String) {
    check_with(path, &[])
}

fn check_with(path: &Path, variables: &[(&str, &str)]) -> (i32, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_svara-supervisor"))
        .args(["check", "--config"])
        .arg(path)
        .env_remove("NOPE")
        .envs(variables.iter().copied())
        .output()
        .unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.code().unwrap(), String::from_utf8(text).unwrap())
}

fn faults(programs: &str) -> String {
    let directory = Bed::prepare(programs);
    let (code, text) = check(&directory.path().join("supervisor.toml"));
    assert_eq!(code, 64, "{text}");
    text
}

#[test]
fn the_shipped_file_is_valid() {
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config/supervisor.toml");
    let (code, text) = check(&shipped);
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("start order: vllm, server"), "{text}");
}

/// Runs only this program of the shipped file, and `script` in place of its command, until `over`.
fn run_shipped(program: &str, script: &str, variables: &[(&str, &str)], over: impl FnOnce(&Path)) {
    let directory = tempfile::tempdir().unwrap();
    let command = directory.path().join("script");
    std::fs::write(&command, format!("#!/bin/sh\n{script}\n")).unwrap();
    std::fs::set_permissions(&command, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config/supervisor.toml");
    let supervisor = Command::new(env!("CARGO_BIN_EXE_svara-supervisor"))
        .args(["run", "--config"])
        .arg(shipped)
        .current_dir(directory.path())
        .env("SVARA_LOG_DIR", directory.path())
        .env("SVARA_SUPERVISOR_SOCKET", directory.path().join("socket"))
        .env("SVARA_FETCH_MODELS", (program == "models").to_string())
        .env("SVARA_RUN_VLLM", (program == "vllm").to_string())
        .env("SVARA_RUN_SERVER", (program == "server").to_string())
        .envs(["SVARA_FETCH_COMMAND", "VLLM_PYTHON", "SVARA_SERVER"].map(|name| (name, &command)))
        .envs(variables.iter().copied())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let mut supervisor = Killed(supervisor);
    over(directory.path());
    nix::sys::signal::kill(Pid::from_raw(supervisor.0.id() as i32), Signal::SIGTERM).unwrap();
    supervisor.0.wait().unwrap();
}

/// The names in the environment of a program of the shipped file among these variables.
fn environment_of(program: &str, variables: &[(&str, &str)]) -> Vec<String> {
    let mut text = String::new();
    let script = "cd \"$(dirname \"$0\")\"; env > new && mv new out && sleep 100";
    run_shipped(program, script, variables, |directory| {
        let out = directory.join("out");
        eventually("its environment", || out.exists());
        text = std::fs::read_to_string(out).unwrap();
    });
    text.lines().filter_map(|line| Some(line.split_once('=')?.0.to_owned())).collect()
}

#[test]
fn probes_of_the_shipped_file_ask_vllm_where_it_listens() {
    for (listens, host) in [
        ("127.0.0.1:0", ""),
        ("127.0.0.2:0", "127.0.0.2"),
        ("127.0.0.1:0", "localhost"),
        ("127.0.0.1:0", "0.0.0.0"),
        ("[::1]:0", "::1"),
        ("[::]:0", "::"),
    ] {
        let vllm = match TcpListener::bind(listens) {
            Ok(vllm) => vllm,
            // A kernel without IPv6.
            Err(_) if listens.starts_with('[') => continue,
            Err(error) => panic!("{listens}: {error}"),
        };
        vllm.set_nonblocking(true).unwrap();
        let port = vllm.local_addr().unwrap().port().to_string();
        run_shipped("vllm", "sleep 100", &[("VLLM_HOST", host), ("VLLM_PORT", &port)], |_| {
            eventually(&format!("a probe at {host:?}"), || vllm.accept().is_ok());
        });
    }
}

#[test]
fn probes_of_the_shipped_file_ask_the_server_where_it_listens() {
    for (listens, host) in
        [("127.0.0.1:0", ""), ("127.0.0.2:0", "127.0.0.2"), ("127.0.0.1:0", "0.0.0.0"), ("[::1]:0", "[::1]")]
    {
        let server = match TcpListener::bind(listens) {
            Ok(server) => server,
            // A kernel without IPv6.
            Err(_) if listens.starts_with('[') => continue,
            Err(error) => panic!("{listens}: {error}"),
        };
        server.set_nonblocking(true).unwrap();
        let port = server.local_addr().unwrap().port().to_string();
        run_shipped("server", "sleep 100", &[("API_HOST", host), ("API_PORT", &port)], |_| {
            eventually(&format!("a probe at {host:?}"), || server.accept().is_ok());
        });
    }
}

#[test]
fn programs_of_the_shipped_file_inherit_no_secret_that_they_do_not_need() {
    let secrets =
        ["SVARA_API_KEY", "AWS_SECRET_ACCESS_KEY", "HF_TOKEN", "VLLM_API_KEY", "GRAFANA_PASSWORD", "OTHER"];
    let plain = ["VLLM_MODEL", "HF_HOME", "CUDA_VISIBLE_DEVICES", "LD_LIBRARY_PATH", "TZ", "https_proxy"];
    let variables: Vec<_> = secrets.iter().chain(&plain).map(|name| (*name, "a-value")).collect();
    for (program, allowed) in [
        ("models", &["HF_TOKEN"][..]),
        ("vllm", &["VLLM_API_KEY"]),
        ("server", &["SVARA_API_KEY", "AWS_SECRET_ACCESS_KEY", "VLLM_API_KEY"]),
    ] {
        let found = environment_of(program, &variables);
        for name in secrets {
            let has = found.iter().any(|found| found == name);
            assert_eq!(has, allowed.contains(&name), "{name} in {program}");
        }
        for name in ["PATH", "TZ", "HF_HOME", "LD_LIBRARY_PATH", "https_proxy"] {
            assert!(found.iter().any(|found| found == name), "{program} lacks {name}: {found:?}");
        }
    }
    let more = [variables, vec![("VLLM_PASS_ENVIRONMENT", "HF_TOKEN OTHER")]].concat();
    let found = environment_of("vllm", &more);
    assert!(["HF_TOKEN", "OTHER"].iter().all(|name| found.iter().any(|found| found == name)), "{found:?}");
}

#[test]
fn unknown_keys_are_errors_with_their_line() {
    let text = faults("[program.a]\ncommand = [\"a\"]\ndepends_on = [\"b\"]\n");
    assert!(text.contains("depends_on") && text.contains("line 7"), "{text}");
}

#[test]
fn all_faults_are_reported_at_once() {
    let text = faults(
        r#"
[program.a]
command = ["${NOPE}"]
after = ["b", "x"]
stop = { signal = "HARD", grace = "soon" }
[program.b]
command = ["b"]
after = ["a"]
user = "no-such-user"
backoff = { initial = "10s", cap = "1s" }
[program.b.readiness]
http = "https://127.0.0.1/"
tcp = "x"
deadline = "1s"
[[hook]]
on = ["sneeze"]
[[schedule]]
name = "s"
cron = "every day"
command = ["x"]
"#,
    );
    let expected = [
        "program.a.command: ${NOPE} is not set; set it, or write ${NOPE:-default}",
        "program.a.stop.signal: `HARD`: expected a signal such as TERM",
        "program.a.stop.grace: `soon`",
        "program.a.after: there is no program `x`; programs are: a, b",
        "programs wait for each other: a -> b -> a",
        "program.b.user: there is no user `no-such-user`",
        "program.b.backoff.cap: must not be shorter than initial, 10s",
        "program.b.readiness.http: a probe needs exactly one of http, tcp and command",
        "program.b.readiness.deadline: only a startup probe has a deadline",
        "hook[0].on: there is no event `sneeze`",
        "hook[0].command: needs either command or webhook",
        "schedule.s.cron: `every day`",
    ];
    for fault in expected {
        assert!(text.contains(fault), "missing: {fault}\n{text}");
    }
}

#[test]
fn a_wrong_user_hides_no_wrong_group() {
    let text = faults("[program.a]\ncommand = [\"a\"]\nuser = \"no-such-user\"\ngroup = \"no-such-group\"\n");
    for fault in ["line 7: program.a.user: there is no user", "line 8: program.a.group: there is no group"] {
        assert!(text.contains(fault), "missing: {fault}\n{text}");
    }
}

#[test]
fn the_canary_of_the_shipped_file_has_the_key_of_vllm() {
    let port = free_port().to_string();
    let script = format!("exec {} 'locked:{port}:authorization: Bearer of-vllm' hang", fake());
    let variables = [("VLLM_HOST", "127.0.0.1"), ("VLLM_PORT", &port), ("VLLM_API_KEY", "of-vllm")];
    run_shipped("vllm", &script, &variables, |directory| {
        let said = || std::fs::read_to_string(directory.join("vllm.log")).unwrap_or_default();
        eventually("a canary", || said().contains("let in"));
        assert!(!said().contains("turned away"));
    });
}

#[test]
fn faults_show_no_value_of_a_header() {
    let canary = "[program.a]\ncommand = [\"a\"]\n[program.a.hang]\nmetrics = \"http://127.0.0.1:1/metrics\"\n\
                  [program.a.hang.canary]\nhttp = \"http://127.0.0.1:1/\"\nbody = \"{}\"\n";
    let headers = "headers = { Authorization = \"Bearer hush\\u0007\", X-Key = \"hush $\", \"a b\" = \"hush\", Host = \"hush\", \
                   X-Other = \"hush ${NOPE}\", X-Number = 7 }\n";
    let text = faults(&format!("{canary}{headers}"));
    let key = "program.a.hang.canary.headers";
    for fault in [
        format!("line 12: {key}.Authorization: must not contain a control character"),
        format!("{key}.X-Key: expected text with ${{NAME}}"),
        format!("{key}.a b: expected the name of a header"),
        format!("{key}.Host: leave it out"),
        format!("{key}.X-Other: ${{NOPE}} is not set"),
    ] {
        assert!(text.contains(&fault), "missing: {fault}\n{text}");
    }
    assert!(!text.contains("hush") && !text.contains("X-Number"), "{text}");
}

#[test]
fn a_certificate_for_a_server_that_is_probed_without_tls_is_warned_of() {
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config/supervisor.toml");
    let warning = "program.server.readiness.http: probes have no TLS, and server speaks only HTTPS";
    for (name, value, is_warned_of) in [
        ("SVARA_TLS_CERT", "/tls.crt", true),
        ("SVARA_SERVER_TLS_CERT", "/tls.crt", true),
        ("SVARA_SERVER_ARGS", "--tls-cert /tls.crt", true),
        ("SVARA_TLS_CERT", "", false),
        ("SVARA_SERVER_ARGS", "--port 9", false),
    ] {
        let (code, text) = check_with(&shipped, &[(name, value)]);
        assert_eq!((code, text.contains(warning)), (0, is_warned_of), "{name}={value}: {text}");
        assert_eq!(text.matches("probes have no TLS").count(), usize::from(is_warned_of), "{text}");
    }
    let own = "[program.a]\ncommand = [\"svara-server\"]\npass_environment = [\"API_*\"]\n[program.a.readiness]\n\
               http = \"http://127.0.0.1:1/health\"\n";
    let directory = Bed::prepare(own);
    let (_, text) = check_with(&directory.path().join("supervisor.toml"), &[("SVARA_TLS_CERT", "/tls.crt")]);
    assert!(!text.contains("probes have no TLS"), "it doesn't get the variable: {text}");
}

#[test]
fn tls_is_refused() {
    let text =
        faults("[program.a]\ncommand = [\"a\"]\n[program.a.liveness]\nhttp = \"https://127.0.0.1/health\"\n");
    assert!(text.contains("expected http://host[:port]/path (TLS is not supported)"), "{text}");
}

#[test]
fn values_that_would_do_harm_are_refused() {
    let text = faults(
        r#"
[program.a]
command = [""]
environment = { "" = "x", "A=B" = "1" }
stop = { grace = "500000000000y" }
limits = { memory = "lots" }
umask = "9"
oom_score_adj = 5000
[program.a.readiness]
tcp = "127.0.0.1:1"
failures = 0
[[schedule]]
name = "x/../../../evil"
cron = "0 25 * * *"
command = ["x"]
timezone = "Mars"
[[schedule]]
name = "s"
cron = "* * * * *"
command = ["x"]
[[schedule]]
name = "s"
cron = "* * * * *"
command = ["x"]
"#,
    );
    let expected = [
        "program.a.command: the program file must not be empty",
        "program.a.environment: ``: a name must not be empty",
        "program.a.environment: `A=B`: a name must not be empty and must not contain `=`",
        "program.a.stop.grace: `500000000000y`",
        "program.a.limits.memory: `lots`: expected a size such as 4096, 50MiB or 24GB",
        "program.a.umask: `9`: expected octal digits such as 022",
        "program.a.oom_score_adj: must be between -1000 and 1000",
        "program.a.readiness.failures: must be at least 1",
        "schedule.x/../../../evil.name: must have 1 to 64 letters",
        "hour (0-23)",
        "schedule.x/../../../evil.timezone: `Mars`: expected a time zone such as UTC or Asia/Kolkata",
        "schedule[2].name: `s`: there is another schedule of this name",
    ];
    for fault in expected {
        assert!(text.contains(fault), "missing: {fault}\n{text}");
    }
}

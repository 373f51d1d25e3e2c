//! The program: its flags, exit codes and signals.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Command, Output, Stdio},
};

use svara_testkit::models;

use crate::harness::Ended;

/// A command with an empty environment.
pub fn program(config: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_svara-server"));
    command.env_clear().current_dir(models::workspace()).arg("--config").arg(config);
    command
}

/// A configuration file with the models of the tests.
pub fn config(directory: &Path, more: &str) -> std::path::PathBuf {
    let path = directory.join("server.toml");
    let decoder = models::snac_small_quiet("decoder_stream.onnx");
    let text = format!("[decoder]\nmodel = {decoder:?}\ndevice = \"cpu\"\nthreads = 1\n{more}");
    std::fs::write(&path, text).unwrap();
    path
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn flag_over_environment_over_file_over_default() {
    let directory = tempfile::tempdir().unwrap();
    let file =
        config(directory.path(), "[server]\nport = 1\n[engine]\nmodel = \"of-file\"\napi_key = \"hush\"\n");
    let shown = |command: &mut Command| -> String {
        let Output { status, stdout, stderr } = command.arg("--check-config").output().unwrap();
        assert!(status.success(), "{}", text(&stderr));
        text(&stdout)
    };
    let by_file = shown(&mut program(&file));
    assert!(by_file.contains("port = 1\n") && by_file.contains("model = \"of-file\""), "{by_file}");
    assert!(by_file.contains("host = \"127.0.0.1\"") && !by_file.contains("hush"), "{by_file}");
    let by_environment = shown(program(&file).env("API_PORT", "2").env("VLLM_MODEL", "of-environment"));
    assert!(
        by_environment.contains("port = 2\n") && by_environment.contains("\"of-environment\""),
        "{by_environment}"
    );
    let by_flag = shown(program(&file).env("API_PORT", "2").env("TTS_DEVICE", "cuda:1").args([
        "--port",
        "3",
        "--host",
        "0.0.0.0",
        "--model",
        "of-flag",
        "--engine-url",
        "http://e/v1",
        "--device",
        "cpu",
        "--demo",
        "--allow-open",
    ]));
    for line in
        ["port = 3\n", "\"0.0.0.0\"", "\"of-flag\"", "\"http://e/v1\"", "device = \"cpu\"", "kind = \"demo\""]
    {
        assert!(by_flag.contains(line), "{line} in {by_flag}");
    }
}

#[test]
fn the_engine_is_asked_at_vllms_port_unless_a_url_is_given() {
    let directory = tempfile::tempdir().unwrap();
    let base_url = |more: &str, variables: &[(&str, &str)]| {
        let file = config(directory.path(), more);
        let output = program(&file).envs(variables.iter().copied()).arg("--check-config").output().unwrap();
        assert!(output.status.success(), "{}", text(&output.stderr));
        let shown: toml::Table = text(&output.stdout).parse().unwrap();
        shown["engine"]["base_url"].as_str().unwrap().to_owned()
    };
    let default = "http://localhost:8000/v1";
    let shipped = format!("[engine]\nbase_url = \"{default}\"\n");
    let own = "[engine]\nbase_url = \"http://gpu:1/v1\"\n";
    let port = ("VLLM_PORT", "9000");
    assert_eq!(base_url("", &[]), default);
    assert_eq!(base_url("", &[port]), "http://127.0.0.1:9000/v1");
    assert_eq!(base_url(&shipped, &[port, ("VLLM_BASE_URL", "")]), "http://127.0.0.1:9000/v1");
    assert_eq!(base_url(own, &[port]), "http://gpu:1/v1");
    assert_eq!(base_url(own, &[port, ("VLLM_BASE_URL", "http://gpu:2/v1")]), "http://gpu:2/v1");
    assert_eq!(base_url("", &[("VLLM_BASE_URL", "http://me:hush@gpu/v1")]), "http://me:***@gpu/v1");
    // The address on which vLLM listens, if it is a single one.
    let host = |host: &'static str| ("VLLM_HOST", host);
    assert_eq!(base_url("", &[host("10.1.2.3")]), "http://10.1.2.3:8000/v1");
    assert_eq!(base_url("", &[host("10.1.2.3"), port]), "http://10.1.2.3:9000/v1");
    assert_eq!(base_url("", &[host("2001:db8::1"), port]), "http://[2001:db8::1]:9000/v1");
    assert_eq!(base_url(own, &[host("10.1.2.3")]), "http://gpu:1/v1");
    for here in ["0.0.0.0", "::", "127.0.0.1", "localhost"] {
        assert_eq!(base_url("", &[host(here)]), default);
    }
    // What Kubernetes sets for a Service called vllm.
    assert_eq!(base_url("", &[("VLLM_PORT", "tcp://10.0.0.1:8000")]), default);
}

#[test]
fn a_wrong_configuration_is_exit_code_64_with_the_key() {
    let directory = tempfile::tempdir().unwrap();
    for (more, words) in [
        ("[server]\nprot = 1\n", "prot"),
        ("[engine]\nbase_url = \"gpu:8000\"\n", "engine.base_url must start with http"),
        ("[engine]\nbase_url = \"ftp://gpu:8000/v1\"\n", "engine.base_url must start with http"),
        ("[engine]\nbase_url = \"http://gpu/v1,http:///v1\"\n", "\"http:///v1\" has no host"),
        ("[engine]\nbase_url = \"http://:8000/v1\"\n", "\"http://:8000/v1\" has no host"),
        ("[engine]\nbase_url = \"http://gpu:80000/v1\"\n", "\"http://gpu:80000/v1\" is not a URL"),
        ("[engine]\nbase_url = \"http://gpu/v1?key=1\"\n", "engine.base_url \"http://gpu/v1\" has a query"),
        (
            "[engine]\nbase_url = \"http://gpu:8000/v1/completions/\"\n",
            "engine.base_url \"http://gpu:8000/v1/completions\" names a request; give the API's root: \
             \"http://gpu:8000/v1\"",
        ),
        ("[engine]\nbase_url = \"http://gpu/chat/completions\"\n", "give the API's root: \"http://gpu\""),
        (
            "[engine]\nbase_url = \"http://me:hush@gpu/v1/completions\"\n",
            "\"http://me:***@gpu/v1/completions\" names a request; give the API's root: \"http://me:***@gpu/v1\"",
        ),
        ("[server]\nhost = \"0.0.0.0\"\n", "SVARA_ALLOW_OPEN"),
        ("[server]\nkeys_file = \"/nowhere.toml\"\n", "/nowhere.toml"),
        ("[server]\ntls_cert = \"/nowhere.pem\"\n", "server.tls_key"),
        ("[server]\ncors_origins = [\"example.org\"]\n", "server.cors_origins"),
        ("[model]\nvoices = \"/nowhere\"\n", "/nowhere"),
        ("[demo]\nencoder = \"/nowhere.onnx\"\n[engine]\nkind = \"demo\"\n", "/nowhere.onnx"),
    ] {
        let output = program(&config(directory.path(), more)).arg("--check-config").output().unwrap();
        let message = text(&output.stderr);
        assert_eq!(output.status.code(), Some(64), "{message}");
        assert!(message.contains(words), "{message}");
    }
    let file = config(directory.path(), "");
    for (variable, key) in [
        ("SVARA_VOICE_STORE", "voices.store"),
        ("SVARA_CACHE_STORE", "cache.store"),
        ("SVARA_JOB_STORE", "jobs.store"),
    ] {
        for url in ["ftp://x/y", "s3://"] {
            let output = program(&file).env(variable, url).arg("--check-config").output().unwrap();
            let message = text(&output.stderr);
            assert_eq!(output.status.code(), Some(64), "{message}");
            assert!(message.contains(&format!("{key} = {url:?}")), "{message}");
            assert!(message.contains("s3://bucket/prefix"), "{message}");
        }
    }
    for (variable, value) in [("TTS_DEVICE", "mps"), ("VLLM_PORT", "70000")] {
        let output = program(&file).env(variable, value).arg("--check-config").output().unwrap();
        assert_eq!(output.status.code(), Some(64));
        assert!(text(&output.stderr).contains(variable));
    }
}

#[test]
fn a_failed_start_is_exit_code_1_with_the_remedy() {
    let directory = tempfile::tempdir().unwrap();
    let file = config(directory.path(), "[server]\nport = 0\n[demo]\nespeak = \"/nowhere/espeak-ng\"\n");
    for (variable, value, words) in [
        ("ORT_DYLIB_PATH", "/nowhere/libonnxruntime.so", "fetch_onnxruntime.sh"),
        ("SVARA_DECODER_MODEL", "/nowhere.onnx", "/nowhere.onnx"),
        ("TTS_DEVICE", "cuda", "cuda:0 can't be used"),
        ("SVARA_ENGINE", "demo", "apt-get install espeak-ng"),
    ] {
        let server = program(&file).env(variable, value).stderr(Stdio::piped()).spawn().unwrap();
        let mut server = Ended(server);
        let mut message = String::new();
        for line in BufReader::new(server.0.stderr.take().unwrap()).lines().map(Result::unwrap) {
            message.push_str(&line);
            if line.contains("\"listening\"") {
                server.0.kill().unwrap();
            }
        }
        assert!(message.contains(words), "{variable}={value}: {message}");
        assert_eq!(server.0.wait().unwrap().code(), Some(1), "{message}");
    }
}

#[test]
fn a_sigterm_ends_an_idle_server_at_once() {
    let directory = tempfile::tempdir().unwrap();
    let file = config(directory.path(), "[server]\nport = 0\n");
    let mut server = Ended(program(&file).stderr(Stdio::piped()).spawn().unwrap());
    let mut lines = BufReader::new(server.0.stderr.take().unwrap()).lines();
    let listening = lines.find(|line| line.as_ref().unwrap().contains("listening")).unwrap().unwrap();
    assert!(
        listening.starts_with('{') && listening.contains("\"address\":\"127.0.0.1:"),
        "JSON off a terminal: {listening}"
    );
    let killed = Command::new("kill").arg("-TERM").arg(server.0.id().to_string()).status().unwrap();
    assert!(killed.success());
    assert!(lines.any(|line| line.unwrap().contains("stopped")));
    assert_eq!(server.0.wait().unwrap().code(), Some(0));
}

#[cfg(target_os = "linux")]
#[test]
fn as_many_files_may_be_open_as_the_system_allows() {
    let directory = tempfile::tempdir().unwrap();
    let file = config(directory.path(), "[server]\nport = 0\n");
    let server = Command::new("sh")
        .args(["-c", "ulimit -S -n 256 && exec \"$@\"", "sh", env!("CARGO_BIN_EXE_svara-server"), "--config"])
        .arg(&file)
        .current_dir(models::workspace())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut server = Ended(server);
    let mut lines = BufReader::new(server.0.stderr.take().unwrap()).lines();
    lines.find(|line| line.as_ref().unwrap().contains("listening")).unwrap().unwrap();
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", server.0.id())).unwrap();
    let files = limits.lines().find_map(|line| line.strip_prefix("Max open files")).unwrap();
    let files: Vec<&str> = files.split_whitespace().collect();
    assert_eq!(files[0], files[1], "{limits}");
    assert_ne!(files[0], "256", "{limits}");
}

#[test]
fn the_prompt_command_shows_ids_or_text() {
    let directory = tempfile::tempdir().unwrap();
    let tokenizer = format!("[model]\ntokenizer = {:?}\n", models::tokenizer());
    let shown = |more: &str| {
        let file = config(directory.path(), more);
        let output =
            program(&file).args(["prompt", "--json", "--voice", "hi_female", "नमस्ते"]).output().unwrap();
        assert!(output.status.success(), "{}", text(&output.stderr));
        text(&output.stdout)
    };
    assert!(shown(&tokenizer).starts_with("[128000,128259,156939,"));
    assert!(shown("[model]\ntokenizer = \"\"\n").contains("Hindi (Female): नमस्ते"));
}

#[test]
fn hash_key_makes_and_hashes_keys() {
    use std::io::Write;
    let directory = tempfile::tempdir().unwrap();
    let file = config(directory.path(), "");
    let made = program(&file).args(["hash-key", "--name", "a \"b\""]).output().unwrap();
    let (key, entry) = (text(&made.stderr), text(&made.stdout));
    assert!(made.status.success() && key.starts_with("sk-svara-"), "{key}");
    let keys = directory.path().join("keys.toml");
    std::fs::write(&keys, &entry).unwrap();
    let checked = program(&file).env("SVARA_KEYS_FILE", &keys).arg("--check-config").output().unwrap();
    assert!(checked.status.success(), "{}", text(&checked.stderr));
    let hash = |given: &str| {
        let mut command = program(&file);
        command
            .args(["hash-key", "--stdin"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(given.as_bytes()).unwrap();
        child.wait_with_output().unwrap()
    };
    let again = text(&hash(&key).stdout);
    assert_eq!(again.lines().last(), entry.lines().last());
    let short = hash("secret");
    assert!(short.status.code() == Some(64) && text(&short.stderr).contains("20 characters"));
}

/// Wherever the operator wrote it, and whether it can be used: a check is shown to others.
#[test]
fn no_check_shows_a_password() {
    let directory = tempfile::tempdir().unwrap();
    let file = config(directory.path(), "");
    for (variable, value) in [
        ("VLLM_BASE_URL", "http://me:hush@gpu:8000/v1"),
        ("VLLM_BASE_URL", "http://hush@gpu:8000/v1"),
        ("VLLM_BASE_URL", "http://gpu/v1?key=hush"),
        ("VLLM_BASE_URL", "me:hush@gpu:8000/v1"),
        ("VLLM_BASE_URL", "http://me:hush@/v1"),
        ("VLLM_BASE_URL", "http://gpu/v1,ftp://me:hush@other/v1"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://me:hush@collector:4318"),
        ("SVARA_JOBS_STORE", "s3://me:hush@bucket/jobs"),
        ("SVARA_VOICES_STORE", "http://me:hush@host/voices"),
        ("SVARA_CACHE_STORE", "http://hush@host/cache"),
        ("VLLM_API_KEY", "hush"),
        ("SVARA_API_KEY", "hush"),
        ("SVARA_API_KEY", "hush-hush-hush-hush-hush"),
    ] {
        for flags in [&["--check-config"][..], &["--check-config", "--origin"]] {
            let output = program(&file).env(variable, value).args(flags).output().unwrap();
            let said = text(&output.stdout) + &text(&output.stderr);
            assert!(!said.is_empty() && !said.contains("hush"), "{variable}={value} {flags:?}: {said}");
        }
    }
}

#[tokio::test]
async fn an_open_server_and_secrets_for_all_are_warned_of() {
    use std::os::unix::fs::PermissionsExt;

    use crate::harness::{Program, client};

    let directory = tempfile::tempdir().unwrap();
    let keys = directory.path().join("keys.toml");
    std::fs::write(&keys, format!("[[keys]]\nname = \"a\"\nsha256 = \"{}\"\n", "ab".repeat(32))).unwrap();
    let in_file = format!("keys_file = {keys:?}");
    for (setting, mode, open, told) in [
        ("", 0o600, true, false),
        (in_file.as_str(), 0o600, false, false),
        (in_file.as_str(), 0o640, false, false),
        (in_file.as_str(), 0o644, false, true),
    ] {
        std::fs::set_permissions(&keys, std::fs::Permissions::from_mode(mode)).unwrap();
        let mut config = crate::harness::config();
        config.server.port = 0;
        config.decoder.kind = svara_config::DecoderBackend::Null;
        let file = directory.path().join("server.toml");
        let shown = toml::to_string(&config).unwrap();
        let shown: Vec<&str> = shown.lines().filter(|line| !line.starts_with("keys_file")).collect();
        let shown = shown.join("\n").replace("[server]", &format!("[server]\n{setting}"));
        std::fs::write(&file, shown).unwrap();
        let (mut server, log) = Program::start_logged(program(&file)).await;
        let metrics = client().get(format!("{}/metrics", server.root)).send().await.unwrap();
        let metrics = metrics.text().await.unwrap();
        assert!(metrics.contains(&format!("\nsvara_open {}\n", u8::from(open))), "{setting}: {metrics}");
        server.signal("TERM").await;
        server.ended().await;
        let log = log.await.unwrap();
        let warned = |words: &str| log.iter().any(|line| line.contains("WARN") && line.contains(words));
        assert_eq!(warned("no key is required"), open, "{setting}: {log:?}");
        assert_eq!(warned("may read this file"), told, "{setting} {mode:o}: {log:?}");
    }
}

/// Sockets that give way are still open for a moment, and each stream has one to the engine.
#[tokio::test]
async fn too_few_files_are_told() {
    for (files, connections, told) in [(1000, 400, true), (1200, 400, false)] {
        let directory = tempfile::tempdir().unwrap();
        let more = format!(
            "[server]\nport = 0\n[engine]\nkind = \"demo\"\n[demo]\n[voices]\nstore = \"\"\n[log]\nformat = \"json\"\n\
             [limits]\nconnections = {connections}\nstreams = 200\n"
        );
        let file = config(directory.path(), &more);
        let server = program(&file);
        let mut command = Command::new("sh");
        command.arg("-c").arg(format!("ulimit -n {files} && exec \"$0\" \"$@\"")).arg(server.get_program());
        command.args(server.get_args()).env_clear().current_dir(models::workspace());
        let (mut server, log) = crate::harness::Program::start_logged(command).await;
        server.kill_9().await;
        let lines = log.await.unwrap();
        let said = lines.iter().any(|line| line.contains("fewer files may be open"));
        assert_eq!(said, told, "{files}: {lines:?}");
    }
}

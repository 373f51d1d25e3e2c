//! What the program says to someone who configures and starts it for the first time.

use std::{
    path::Path,
    process::{Command, Output, Stdio},
};

use svara_testkit::models::demo_codec;

use crate::{
    harness::{Program, client},
    program::{config, program},
};

fn run(command: &mut Command) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } = command.stdin(Stdio::null()).output().unwrap();
    (status.code(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
}

#[test]
fn all_faults_of_a_configuration_are_told_at_once() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("server.toml");
    std::fs::write(
        &file,
        "streams = 4\nPort = 1\n[server]\ntext_characters = 9\n[voices]\nmax_streams = 9\n\
         [text]\nclean = 1\n[[server.keys]]\nname = \"a\"\n",
    )
    .unwrap();
    let (code, _, said) = run(program(&file).arg("--check-config"));
    assert_eq!(code, Some(64), "{said}");
    for words in [
        "line 1: streams: there is no such key outside of the sections; did you mean limits.streams?",
        "line 2: Port: there is no such key outside of the sections",
        "line 4: server.text_characters: there is no such key; did you mean limits.text_characters?",
        "line 6: voices.max_streams: there is no such key; did you mean decoder.max_streams?",
        "line 8: text.clean must be auto, on, off",
        "line 9: server.keys must have ",
    ] {
        assert!(said.contains(words), "{words}\nis not in\n{said}");
    }
    let faults = "[server]\nprt = 1\nport = 70000\ndrain_seconds = -3.0\n[decoder]\ndevice = \"mps\"\nnoise = 5\n\
                  [limits]\ntext_characters = \"many\"\n[engin]\nkind = \"vllm\"\n[engine]\nkind = \"tts\"\n\
                  [jobs]\nmax_jobs = 0\n";
    std::fs::write(&file, faults).unwrap();
    let mut command = program(&file);
    command.env("LOG_LEVEL", "loud").env("SVARA_LIMITS_STREAMS", "some").arg("--check-config");
    let (code, _, said) = run(&mut command);
    assert_eq!(code, Some(64), "{said}");
    for words in [
        "line 2: server.prt: there is no such key; did you mean port?",
        "line 3: server.port must be a whole number from 0 to 65535",
        "line 4: server.drain_seconds must be seconds from 0 to 86400",
        "line 6: decoder.device must be auto, cpu, cuda or cuda:N",
        "line 7: decoder.noise must be true or false",
        "line 9: limits.text_characters must be a whole number",
        "line 10: engin: there is no such section; did you mean engine?",
        "line 13: engine.kind must be ",
        "jobs.max_jobs",
        "variable LOG_LEVEL=\"loud\"",
        "variable SVARA_LIMITS_STREAMS=\"some\": limits.streams must be a whole number",
    ] {
        assert!(said.contains(words), "{words}\nis not in\n{said}");
    }
    assert!(!said.contains("expected") && !said.contains("u16") && !said.contains("invalid type"), "{said}");
}

#[test]
fn the_origin_of_each_value_is_shown_without_models() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("server.toml");
    std::fs::write(&file, "[server]\nport = 1\n[decoder]\nmodel = \"/nowhere.onnx\"\n").unwrap();
    let mut command = program(&file);
    command.env("VLLM_MODEL", "m").env("SVARA_SERVER_CORS_ORIGINS", "http://a.example,http://b.example");
    command.env("SVARA_LIMITS_STREAMS", "7").args(["--check-config", "--origin", "--host", "127.0.0.2"]);
    let (code, shown, said) = run(&mut command);
    // It is valid but for the model, which isn't there.
    assert_eq!(code, Some(64), "{said}");
    let origin = |key: &str| {
        let line = shown.lines().find(|line| line.starts_with(&format!("{key} = ")));
        line.unwrap_or_else(|| panic!("{key} is not in {shown}")).rsplit_once("# ").unwrap().1.to_owned()
    };
    assert_eq!(origin("server.port"), file.display().to_string());
    assert_eq!(origin("server.host"), "flag --host");
    assert_eq!(origin("engine.model"), "variable VLLM_MODEL");
    assert_eq!(origin("limits.streams"), "variable SVARA_LIMITS_STREAMS");
    assert_eq!(origin("server.cors_origins"), "variable SVARA_SERVER_CORS_ORIGINS");
    assert_eq!(origin("engine.kind"), "default");
    assert!(shown.contains("server.cors_origins = [\"http://a.example\", \"http://b.example\"]"), "{shown}");
    assert!(said.contains("/nowhere.onnx") && said.contains("scripts/fetch_models.sh"), "{said}");
    assert!(said.contains("--demo"), "{said}");
    let file = config(directory.path(), "");
    let (code, shown, said) = run(program(&file).arg("--check-config"));
    assert_eq!(code, Some(0), "{said}");
    assert!(said.trim_end().ends_with("the configuration is valid"), "{said}");
    assert!(shown.parse::<toml::Table>().is_ok(), "{shown}");
}

#[test]
fn every_key_has_a_variable_and_unknown_ones_are_warned_of() {
    let directory = tempfile::tempdir().unwrap();
    let file = config(directory.path(), "");
    let (_, shown, _) = run(program(&file).args(["--check-config", "--origin"]));
    let keys: Vec<&str> = shown.lines().filter_map(|line| Some(line.split_once(" = ")?.0)).collect();
    assert!(keys.len() > 80, "{}", keys.len());
    let (code, _, said) = run(program(&file)
        .env("API_PROT", "9")
        .env("SVARA_LIMIT_STREAMS", "9")
        .env("SVARA_PORT", "9")
        .env("SVARA_STORE", "memory")
        .env("VLLM_ENFORCE_EAGER", "true")
        .env("SVARA_SUPERVISOR_SOCKET", "/run/s")
        .env("SVARA_RUN_VLLM", "true")
        .env("VLLM_MAX_MODEL_LEN", "4096")
        .env("HOME", "/root")
        .arg("--check-config"));
    assert_eq!(code, Some(0), "{said}");
    for words in [
        "API_PROT has no effect; did you mean API_PORT?",
        "SVARA_LIMIT_STREAMS has no effect; did you mean SVARA_LIMITS_STREAMS?",
        "SVARA_PORT has no effect; did you mean SVARA_SERVER_PORT?",
        "SVARA_STORE has no effect; did you mean SVARA_CACHE_STORE, SVARA_JOBS_STORE or SVARA_VOICES_STORE?",
        "VLLM_ENFORCE_EAGER has no effect; for vLLM: VLLM_EXTRA_ARGS=\"--enforce-eager\"",
    ] {
        assert!(said.contains(words), "{words}\nis not in\n{said}");
    }
    for name in ["SVARA_SUPERVISOR_SOCKET", "SVARA_RUN_VLLM", "VLLM_MAX_MODEL_LEN", "HOME"] {
        assert!(!said.contains(name), "{said}");
    }
}

#[test]
fn the_program_runs_from_any_directory() {
    let directory = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_svara-server"));
    let (code, shown, said) = run(command.env_clear().current_dir(directory.path()).arg("voices"));
    assert_eq!(code, Some(0), "{said}");
    assert!(shown.contains("hi_female"), "{shown}");
    assert!(!said.contains("tokenizer"), "no warning where nothing is spoken: {said}");
    // Another one's file is still read, and its absence an error.
    let mut command = Command::new(env!("CARGO_BIN_EXE_svara-server"));
    command.env_clear().current_dir(directory.path()).env("SVARA_MODEL_PROFILE", "other/profile.toml");
    let (code, _, said) = run(command.arg("voices"));
    assert!(code == Some(64) && said.contains("other/profile.toml"), "{said}");
}

#[test]
fn the_demo_voice_speaks_from_any_directory() {
    let directory = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_svara-server"));
    command.env_clear().env("PATH", std::env::var_os("PATH").unwrap()).current_dir(directory.path());
    let (code, _, said) = run(command.args(["--demo", "say", "hello", "-o", "hello.wav"]));
    assert_eq!(code, Some(0), "{said}");
    assert!(std::fs::metadata(directory.path().join("hello.wav")).unwrap().len() > 10_000);
}

/// The program beside the models of the demo voice, and without ONNX Runtime anywhere.
fn installed_alone(directory: &Path) -> impl Fn() -> Command {
    let (bin, models) = (directory.join("bin"), directory.join("models"));
    std::fs::create_dir_all(&bin).unwrap();
    std::fs::create_dir_all(&models).unwrap();
    let program = bin.join("svara-server");
    let built = env!("CARGO_BIN_EXE_svara-server");
    // Not a link by name, which leads to the library beside the original.
    std::fs::hard_link(built, &program).or_else(|_| std::fs::copy(built, &program).map(drop)).unwrap();
    std::os::unix::fs::symlink(demo_codec("decoder.onnx").parent().unwrap(), models.join("demo")).unwrap();
    let directory = directory.to_owned();
    move || {
        let mut command = Command::new(&program);
        let path = std::env::var_os("PATH").unwrap();
        command.env_clear().env("PATH", path).current_dir(&directory).arg("--demo");
        command
    }
}

#[test]
fn the_demo_voice_speaks_without_onnx_runtime() {
    let directory = tempfile::tempdir().unwrap();
    let demo = installed_alone(directory.path());
    let (code, _, said) = run(demo().arg("--check-config"));
    assert_eq!(code, Some(0), "{said}");
    let (code, _, said) = run(demo().args(["say", "hello", "-o", "hello.wav"]));
    assert_eq!(code, Some(0), "{said}");
    assert!(std::fs::metadata(directory.path().join("hello.wav")).unwrap().len() > 10_000);
    // One that is named has to be there; it isn't opened, or this wouldn't go well.
    let no_library = directory.path().join("hello.wav");
    let (code, _, said) = run(demo().env("ORT_DYLIB_PATH", &no_library).args(["say", "a", "-o", "a.wav"]));
    assert_eq!(code, Some(0), "{said}");
    for arguments in [["--check-config"].as_slice(), &["say", "hello", "-o", "b.wav"]] {
        let (code, _, said) = run(demo().env("SVARA_DECODER_BACKEND", "onnx").args(arguments));
        assert!(code != Some(0) && said.contains("fetch_onnxruntime.sh"), "{arguments:?}: {said}");
    }
}

#[tokio::test]
async fn the_demo_server_runs_without_onnx_runtime() {
    let directory = tempfile::tempdir().unwrap();
    let mut command = installed_alone(directory.path())();
    command.args(["--port", "0", "--log-format", "json"]);
    let (program, log) = Program::start_logged(command).await;
    let client = client();
    let health = client.get(format!("{}/health", program.root)).send().await.unwrap();
    let health: serde_json::Value = health.json().await.unwrap();
    assert_eq!((&health["status"], &health["decoder"]), (&"healthy".into(), &"native".into()), "{health}");
    let body = serde_json::json!({"text": "नमस्ते दुनिया", "voice": "hi_female", "response_format": "wav"});
    let spoken = client.post(format!("{}/v1/text-to-speech", program.root)).json(&body).send().await.unwrap();
    assert_eq!(spoken.status(), 200);
    assert!(spoken.bytes().await.unwrap().len() > 30_000);
    drop(program);
    let log = log.await.unwrap();
    for message in ["\"encoder ready\"", "\"decoder ready\""] {
        let line = log.iter().find(|line| line.contains(message)).unwrap_or_else(|| panic!("{log:?}"));
        assert!(line.contains("native code"), "{line}");
    }
}

#[test]
fn in_json_the_last_line_before_an_exit_is_json_too() {
    let directory = tempfile::tempdir().unwrap();
    let file = config(directory.path(), "[server]\nport = 0\n[demo]\nespeak = \"/nowhere/espeak-ng\"\n");
    let (code, _, said) = run(program(&file).args(["--demo", "--log-format", "json"]));
    assert_eq!(code, Some(1), "{said}");
    let last: serde_json::Value = serde_json::from_str(said.lines().last().unwrap()).unwrap();
    assert_eq!(last["level"], "ERROR");
    assert!(last["message"].as_str().unwrap().contains("espeak"), "{last}");
}

#[test]
fn missing_models_are_named_with_the_way_to_get_them() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("server.toml");
    std::fs::write(&file, "[server]\nport = 0\n[decoder]\nmodel = \"models/nowhere/decoder.onnx\"\n")
        .unwrap();
    for arguments in [[].as_slice(), &["say", "a", "-v", "hi_female", "-o", "a.wav"]] {
        let (code, _, said) = run(program(&file).args(arguments));
        assert_ne!(code, Some(0));
        for words in ["models/nowhere/decoder.onnx", "scripts/fetch_models.sh", "--demo"] {
            assert!(said.contains(words), "{words} is not in {said}");
        }
    }
}

#[test]
fn a_port_in_use_is_told_before_models_load() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let file = Path::new("/dev/null");
    let (code, _, said) = run(program(file).args(["--port", &port, "--demo"]));
    assert_eq!(code, Some(1));
    assert!(said.contains(&port) && said.contains("--port"), "{said}");
    let mut command = program(file);
    command.env("SVARA_WYOMING", format!("127.0.0.1:{port}")).args(["--port", "0", "--demo"]);
    let (code, _, said) = run(&mut command);
    assert_eq!(code, Some(1));
    assert!(said.contains("server.wyoming") && said.contains("choose another port"), "{said}");
}

#[test]
fn help_shows_examples_variables_and_where_to_read_on() {
    let (code, help, _) = run(program(Path::new("/dev/null")).arg("--help"));
    assert_eq!(code, Some(0));
    for words in
        ["Examples:", "svara-server --demo", "API_PORT", "VLLM_BASE_URL", "SVARA_<SECTION>_<KEY>", "https://"]
    {
        assert!(help.contains(words), "{words} is not in {help}");
    }
    for (arguments, words) in
        [(["completions", "bash"].as_slice(), "COMPREPLY"), (&["man"], ".TH svara-server")]
    {
        let (code, shown, said) = run(program(Path::new("/dev/null")).args(arguments));
        assert!(code == Some(0) && shown.contains(words), "{arguments:?}: {said}");
    }
}

#[test]
fn output_that_nobody_reads_is_no_failure_and_a_full_disk_is() {
    for arguments in [["words", "-l", "hi"].as_slice(), &["completions", "bash"], &["man"], &["voices"]] {
        let mut command = program(Path::new("/dev/null"));
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let said = command.args(arguments).stdout(writer).output().unwrap();
        assert!(said.status.success() && said.stderr.is_empty(), "{arguments:?}: {said:?}");
        let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
        let said = command.stdout(full).output().unwrap();
        let words = String::from_utf8_lossy(&said.stderr);
        assert!(!said.status.success() && words.contains("standard output can't be written"), "{words}");
        assert!(!words.contains("panicked"), "{words}");
    }
}

#[test]
fn the_words_of_a_language_are_shown_as_said() {
    for (language, words) in [
        ("hi", ["निन्यानवे", "पहला", "रुपये"]),
        ("doi", ["0", "99", "₹"]),
        ("en-IN", ["ninety nine", "first", "rupees"]),
    ] {
        let (code, shown, said) =
            run(program(Path::new("/dev/null")).args(["words", "--language", language]));
        assert_eq!(code, Some(0), "{said}");
        for word in words {
            assert!(shown.contains(word), "{word} is not in {shown}");
        }
        assert!(shown.lines().count() > 110, "{}", shown.lines().count());
    }
    let (code, _, said) = run(program(Path::new("/dev/null")).args(["words", "--language", "xx"]));
    assert!(code == Some(64) && said.contains("doi"), "{said}");
}

#[tokio::test]
async fn the_log_line_of_a_speech_says_who_spoke_and_how_long() {
    use svara_testkit::fake_vllm::{FakeVllm, Script};
    let engine = FakeVllm::start(Script::frames(10)).await;
    let directory = tempfile::tempdir().unwrap();
    let more = format!(
        "[server]\nport = 0\n[engine]\nbase_url = {:?}\n[voices]\nstore = \"\"\n[jobs]\nstore = \"\"\n",
        engine.base_url()
    );
    let file = config(directory.path(), &more);
    let (mut server, log) = Program::start_logged(program(&file)).await;
    let body = serde_json::json!({"input": "नमस्ते", "voice": "alloy", "response_format": "wav", "spede": 1});
    let url = format!("{}/v1/audio/speech", server.root);
    let answer = client().post(url).json(&body).send().await.unwrap();
    assert_eq!(answer.headers()["x-ignored-fields"], "spede");
    assert!(!answer.bytes().await.unwrap().is_empty());
    server.signal("TERM").await;
    server.ended().await;
    let lines: Vec<serde_json::Value> =
        log.await.unwrap().iter().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let of = |message: &str| lines.iter().find(|line| line["message"] == message).unwrap();
    let line = of("speech complete");
    assert_eq!((&line["voice"], &line["speaker"]), (&"alloy".into(), &"hi_female".into()), "{line}");
    assert_eq!(line["audio_seconds"], 0.853, "{line}");
    assert!(line["real_time_factor"].as_f64().unwrap() > 0.0, "{line}");
    assert_eq!(line["span"]["ignored_fields"], "spede", "{line}");
    assert_eq!(of("listening")["url"], format!("{}/", server.root));
}

#[tokio::test]
async fn the_log_names_once_what_messages_have_in_vain() {
    use futures::{SinkExt, StreamExt};
    use tokio_tungstenite::tungstenite::Message;
    let directory = tempfile::tempdir().unwrap();
    let more = "[server]\nport = 0\n[voices]\nstore = \"\"\n[jobs]\nstore = \"\"\n";
    let file = config(directory.path(), more);
    let (mut server, log) = Program::start_logged(program(&file)).await;
    let root = server.root.replace("http://", "ws://");
    for (path, messages) in [
        (
            "/v1/text-to-speech/hi_female/stream-input",
            [r#"{"text": " ", "one": 1}"#, r#"{"text": "", "one": 1}"#],
        ),
        (
            "/v1/audio/speech/stream-input?voice=hi_female",
            [r#"{"text": " ", "two": 1}"#, r#"{"text": "", "two": 2}"#],
        ),
        (
            "/v1/audio/speech/stream",
            [r#"{"type": "session.config", "three": 1}"#, r#"{"type": "session.close", "three": 1}"#],
        ),
    ] {
        let (mut socket, _) = tokio_tungstenite::connect_async(format!("{root}{path}")).await.unwrap();
        for message in messages {
            socket.send(Message::text(message)).await.unwrap();
        }
        // To the end: both messages have been read.
        while socket.next().await.is_some_and(|received| received.is_ok()) {}
    }
    server.signal("TERM").await;
    server.ended().await;
    let lines = log.await.unwrap();
    let lines = lines.iter().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    let named: Vec<String> = lines
        .filter(|line| line["message"] == "a field of the socket's messages is passed over")
        .map(|line| line["field"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(named, ["one", "two", "three"]);
}

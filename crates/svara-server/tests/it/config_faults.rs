//! Faults of a configuration, as an operator sees them: all at once, each with its place and what to write.

use std::{path::Path, process::Command};

use crate::{harness::Ended, program::program};

/// Exit code and standard error of `--check-config` in an empty directory, which stays empty.
fn check(text: &str, change: impl FnOnce(&mut Command)) -> (Option<i32>, String) {
    check_with("null", text, change)
}

fn check_with(decoder: &str, text: &str, change: impl FnOnce(&mut Command)) -> (Option<i32>, String) {
    let directory = tempfile::tempdir().unwrap();
    let work = tempfile::tempdir().unwrap();
    let file = directory.path().join("server.toml");
    std::fs::write(&file, text).unwrap();
    let mut command = program(&file);
    command.current_dir(work.path()).args(["--check-config", "--decoder", decoder]);
    change(&mut command);
    let output = command.output().unwrap();
    assert_eq!(std::fs::read_dir(work.path()).unwrap().count(), 0, "nothing is written");
    let said = String::from_utf8(output.stderr).unwrap();
    (output.status.code(), said.replace(&file.display().to_string(), "FILE"))
}

fn told(text: &str, change: impl FnOnce(&mut Command), all: &[&str]) {
    let (code, said) = check(text, change);
    assert_eq!(code, Some(64), "{text}\n{said}");
    for words in all {
        assert!(said.contains(words), "{words}\nis not in\n{said}");
    }
    for word in ["expected `", "literal string", "invalid digit", "TOML parse", "u16", "i64", "panicked"] {
        assert!(!said.contains(word), "{word}: {said}");
    }
}

#[test]
fn all_wrong_values_of_a_section_are_told_with_their_places() {
    let text = "[limits]\nqueue = 4\nqueue_per_key = 9\ntext_characters = 0\nmin_read_speed = 2.5\n\
                [server]\ndrain_seconds = 1\ndrain_delay_seconds = 2\ntls_cert = \"x\"\nhost = \"a b\"\n\
                [decoder]\nbatch_wait_ms = 101\nearly_frames = 9\n[jobs]\nmax_items = 0\nkept_bytes = 0\n";
    let change = |command: &mut Command| {
        command
            .env("SVARA_JOBS_MAX_JOBS", "5000")
            .env("SVARA_LIMITS_QUEUE", "3")
            .args(["--engine-url", "gpu"]);
    };
    told(
        text,
        change,
        &[
            "configuration FILE line 3: limits.queue_per_key must be at most limits.queue, which is 3 \
             (limits.queue: variable SVARA_LIMITS_QUEUE)",
            "configuration FILE line 4: limits.text_characters must be at least 1",
            "configuration FILE line 5: limits.min_read_speed must be from 0 to 1",
            "configuration FILE line 8: server.drain_delay_seconds must be at most server.drain_seconds, which is 1 \
             (server.drain_seconds: configuration FILE line 7)",
            "configuration FILE line 9: server.tls_cert and server.tls_key must both be given, or neither",
            "configuration FILE line 10: server.host = \"a b\" must be an IP address or a host name",
            "configuration FILE line 12: decoder.batch_wait_ms must be from 0 to 100",
            "configuration FILE line 13: decoder.early_frames must be 2 or 3",
            "configuration FILE line 15: jobs.max_items must be from 1 to 1000",
            "configuration FILE line 16: jobs.kept_bytes must be at least 1",
            "variable SVARA_JOBS_MAX_JOBS: jobs.max_jobs must be from 1 to 1000",
            "flag --engine-url: engine.base_url must start with http:// or https://",
        ],
    );
    // A value that can't be read at all accuses no other one.
    let (_, said) = check("[limits]\nqueue = \"many\"\nqueue_per_key = 100\n", |_| {});
    assert!(said.contains("line 2: limits.queue must be") && !said.contains("queue_per_key"), "{said}");
}

#[test]
fn slips_of_syntax_are_told_with_what_to_write() {
    for (text, words) in [
        ("[server]\nhost = localhost\n", "line 2: server.host must be text in quotes: host = \"localhost\""),
        ("[server]\nhost = localhost # mine\n", "host = \"localhost\"\n"),
        (
            "[server]\nhost = “localhost”\n",
            "line 2: server.host must be text in quotes: host = \"localhost\"",
        ),
        (
            "[server]\nhost = \"localhost\nport = 1\n",
            "line 2: server.host must be text in quotes: host = \"localhost\"",
        ),
        ("[engine]\nbase_url = http://me:hush@gpu/v1\n", "base_url = \"http://me:***@gpu/v1\""),
        ("[engine]\napi_key = hush\n", "line 2: engine.api_key must be text in quotes: api_key = \"…\""),
        (
            "[engine]\napi key = \"hush\"\n",
            "line 2: engine.api key must have no space in its name: api_key = \"…\"",
        ),
        (
            "[engine]\napi-key: hush\n",
            "line 2: engine.api-key needs = in place of the colon: api-key = \"…\"",
        ),
        ("[model]\nprofile = \"C:\\models\\x\"\n", "profile = 'C:\\models\\x'"),
        (
            "[server]\nport = 99999999999999999999\n",
            "line 2: server.port must be a whole number from 0 to 65535",
        ),
        ("[jobs]\nmax_jobs = 0x1FFFFFFFFFFFFFFFFF\n", "line 2: jobs.max_jobs must be from 1 to 1000"),
        (
            "[cache]\nmemory_bytes = 99999999999999999999\n",
            "line 2: cache.memory_bytes must be a number of at most 9223372036854775807",
        ),
        (
            "[server]\nallow_open = True\n",
            "line 2: server.allow_open must be true or false: allow_open = true",
        ),
        (
            "[server]\nallow_open = yes\n",
            "line 2: server.allow_open must be true or false: allow_open = true",
        ),
        (
            "[server]\nport = 8080;\n",
            "line 2: server.port must be a whole number from 0 to 65535: port = 8080",
        ),
        ("[server]\nport = 08080\n", "port = 8080\n"),
        ("[server]\nport = http\n", "line 2: server.port must be a whole number from 0 to 65535\n"),
        (
            "[server]\nport =\nallow_open = false\n",
            "line 2: server.port has no value; it must be a whole number",
        ),
        ("[limits]\nbody_bytes = 40,000,000\n", "body_bytes = 40000000"),
        (
            "[server]\nhosts = [\"a\", b]\n",
            "line 2: server.hosts must be a list with each text in quotes: \"b\"",
        ),
        ("[server]\nhosts = \"a\", \"b\"\n", "line 2: server.hosts must be a list: hosts = [\"a\", \"b\"]"),
        ("[server]\nhosts = [\"a\"\nport = 4\n", "line 2: server.hosts has no end: write ]"),
        ("[[server.keys]]\nname = me\n", "line 2: server.keys.name must be text in quotes: name = \"me\""),
        ("[server]\nhost: \"a\"\n", "line 2: server.host needs = in place of the colon: host = \"a\""),
        ("server:\n  port: 4\n", "line 1: a section stands in brackets: [server]"),
        ("[server\nport = 4\n", "line 1: a section stands in brackets, alone in its line: [server]"),
        ("{\"server\": {\"port\": 4}}", "line 1: the file must be TOML: sections such as [server]"),
        ("[server]\nport\n", "line 2: server.port has no value"),
        ("[server]\nport = 1\nport = 2\n", "line 3: server.port is there twice, first on line 2"),
        (
            "[server]\nport = 1\n[engine]\n[server]\nhost = \"::1\"\n",
            "line 4: the section [server] is there twice, first on line 1",
        ),
        (
            "[server]\ndrain seconds = 1\n",
            "line 2: server.drain seconds must have no space in its name: drain_seconds = 1",
        ),
    ] {
        told(text, |_| {}, &[words]);
    }
    // All of them at once, with what is wrong elsewhere.
    let text = "[server]\nhost = localhost\nport = 70000\nprt = x\n[engine]\nkind = vlm\nmodel = m\n[limits]\nqueue = many\n";
    let all = [
        "line 2: server.host",
        "line 3: server.port",
        "line 4: server.prt: there is no such key; did you mean port?",
        "line 6: engine.kind must be vllm, sglang",
        "line 7: engine.model",
        "line 9: limits.queue",
        "6 faults in the configuration",
    ];
    told(text, |_| {}, &all);
}

#[test]
fn files_that_are_no_text_are_told() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("server.toml");
    std::fs::write(&file, b"[server]\nhost = \"\xff\"\n").unwrap();
    let run = |file: &Path| {
        let output = program(file).arg("--check-config").output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let (code, said) = run(&file);
    assert!(code == Some(64) && said.contains("line 2 isn't UTF-8"), "{said}");
    let (code, said) = run(Path::new("/dev/zero"));
    assert!(code == Some(64) && said.contains("/dev/zero: it is larger than"), "{said}");
}

#[test]
fn what_would_end_a_start_is_told_with_its_key() {
    let directory = tempfile::tempdir().unwrap();
    let plain = directory.path().join("plain");
    std::fs::write(&plain, "").unwrap();
    let plain = plain.display();
    for (text, all) in [
        ("[server]\nhost = \"10.255.254.253\"\n".to_owned(), &["line 2: server.host = \"10.255.254.253\" is no address of this machine"][..]),
        ("[server]\nhost = \"[::1]\"\n".to_owned(), &["server.host = \"[::1]\" has brackets: write \"::1\""]),
        ("[server]\nhost = \"127.0.0.1:9\"\n".to_owned(), &["has a port, which belongs into server.port"]),
        ("[server]\nhost = \"no-such-host.invalid\"\n".to_owned(), &["line 2: server.host = \"no-such-host.invalid\" can't be listened on"]),
        ("[server]\nhost = \"http://localhost\"\n".to_owned(), &["must be an IP address or a host name"]),
        ("[server]\nwyoming = \"here\"\n".to_owned(), &["server.wyoming = \"here\" must be an address with a port"]),
        ("[server]\nwyoming = \"10.255.254.253:1\"\n".to_owned(), &["line 2: server.wyoming = \"10.255.254.253\" is no address"]),
        ("[server]\nport = 9\nwyoming = \"127.0.0.1:9\"\n".to_owned(), &["line 3: server.wyoming must have another port than server.port, which is 9"]),
        ("[voices]\nstore = \"ftp://x\"\n".to_owned(), &["line 2: voices.store = \"ftp://x\""]),
        (format!("[voices]\nstore = \"{plain}/voices\"\n"), &["line 2: voices.store: ", "ot a directory"]),
        (format!("[jobs]\nstore = \"{plain}\"\n"), &["line 2: jobs.store: ", "ot a directory"]),
        (format!("[cache]\nstore = \"{plain}/x\"\n"), &["line 2: cache.store: ", "ot a directory"]),
        ("[log]\naudit_file = \"/nowhere/audit.log\"\n".to_owned(), &["line 2: log.audit_file: ", "/nowhere"]),
        (format!("[log]\naudit_file = \"{}\"\n", directory.path().display()), &["line 2: log.audit_file: ", "s a directory"]),
        ("[engine]\nconnect_seconds = 0\nfirst_token_seconds = 0.0\ninactivity_seconds = 0\nmodel = \" \"\napi_key = \"a\\nb\"\n".to_owned(), &[
            "line 2: engine.connect_seconds must be greater than 0",
            "line 3: engine.first_token_seconds must be greater than 0",
            "line 4: engine.inactivity_seconds must be greater than 0",
            "line 5: engine.model must be the model's name",
            "line 6: engine.api_key must be one line",
        ]),
        ("[engine]\nbase_url = \"http://me:hush@gpu/v1\"\napi_key = \"k\"\n".to_owned(), &[
            "line 3: engine.api_key can't be sent beside the user in engine.base_url",
        ]),
        ("[engine]\nbase_url = \"http://gpu:8000,http://gpu:8000/v1\"\n".to_owned(), &["line 2: engine.base_url must name at most 16 engines, each once"]),
        ("[engine]\nbase_url = \"http://gpu:443/v1,https://me:hush@gpu/v1\"\n".to_owned(), &["line 2: engine.base_url must name at most 16 engines, each once"]),
        ("[cache]\nmemory_bytes = 8000000\nttl_seconds = 0\n".to_owned(), &["line 3: cache.ttl_seconds must be greater than 0"]),
        ("[telemetry]\notlp_endpoint = \"http://\"\n".to_owned(), &["line 2: telemetry.otlp_endpoint \"http://\" has no host"]),
        ("[decoder]\nthreads = 1000000\n".to_owned(), &["line 2: decoder.threads must be from 0 to 1024"]),
        ("[engine]\nkind = \"demo\"\n[demo]\nespeak = \"/nowhere/espeak-ng\"\n".to_owned(), &["line 4: demo.espeak: /nowhere/espeak-ng does not exist"]),
    ] {
        told(&text, |_| {}, all);
    }
    let onnx = |command: &mut Command| {
        command.args(["--engine-url", "http://gpu/v1"]).env("SVARA_DECODER_MODEL", "/");
    };
    let (code, said) = check_with("onnx", "", onnx);
    assert!(
        code == Some(64) && said.contains("variable SVARA_DECODER_MODEL: model / is a directory"),
        "{said}"
    );
    // Several at once, each with its place.
    let text = "[server]\nhost = \"10.255.254.253\"\nkeys_file = \"/nowhere/keys\"\n[text]\ndictionary = \"/nowhere/a.pls\"\n";
    told(
        text,
        |_| {},
        &["line 2: server.host", "line 3: keys file /nowhere/keys", "line 5: text.dictionary /nowhere/a.pls"],
    );
}

#[test]
fn right_values_pass_and_write_nothing() {
    for text in [
        "",
        "[server]\nhost = \"localhost\"\n",
        "[server]\nhost = \"0.0.0.0\"\nallow_open = true\nport = 0\n",
        "[voices]\nstore = \"deep/in/here\"\n[jobs]\nstore = \"\"\n[cache]\nstore = \"c\"\n[log]\naudit_file = \"a.log\"\n",
        "[voices]\nstore = \"s3://bucket/prefix\"\n",
        "server.port = 1\nlimits.queue = 3\n",
    ] {
        let (code, said) = check(text, |_| {});
        assert_eq!(code, Some(0), "{text}\n{said}");
    }
}

#[test]
fn a_wrong_flag_is_told_with_what_is_allowed_and_where_help_is() {
    for (arguments, words) in [
        (&["--port", "abc"][..], "'--port <PORT>': must be a whole number from 0 to 65535"),
        (&["--port", "-1"], "must be a whole number from 0 to 65535"),
        (&["--port", "70000"], "must be a whole number from 0 to 65535"),
        (&["--device", "mps"], "auto, cpu, cuda or cuda:N"),
        (&["--log-level", "loud"], "debug, info, warning, error"),
        (&["say", "--speed", "fast"], "must be a number from 0.25 to 4"),
        (&["say", "--volume", "loud"], "must be a number from 0.01 to 10"),
        (&["say", "--gain-db", "loud"], "must be a number from -40 to 20"),
        (&["say", "--seed", "-1"], "must be a whole number from 0 to 18446744073709551615"),
        (&["say", "--sample-rate", "high"], "must be a whole number of Hz"),
        (&["say", "--repeat", "x"], "must be a whole number from 1 to 65535"),
    ] {
        let output = program(Path::new("/dev/null")).args(arguments).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(64), "{arguments:?} {said}");
        assert!(said.contains(words) && said.contains("--help"), "{words}\nis not in\n{said}");
        assert!(!said.contains("invalid digit") && !said.contains("invalid float"), "{said}");
    }
}

#[test]
fn a_bucket_needs_no_engine_with_tls() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("server.toml");
    std::fs::write(&file, "[server]\nport = 0\n[voices]\nstore = \"s3://bucket\"\n[jobs]\nstore = \"\"\n")
        .unwrap();
    let mut server = program(&file);
    server.args(["--demo", "--decoder", "null"]).env("SVARA_MODEL_TOKENIZER", "");
    let models = svara_testkit::models::workspace().join("models");
    server.env("PATH", std::env::var_os("PATH").unwrap());
    for model in ["encoder", "decoder"] {
        server.env(format!("SVARA_DEMO_{}", model.to_uppercase()), models.join(format!("demo/{model}.onnx")));
    }
    let mut server = Ended(server.stderr(std::process::Stdio::piped()).spawn().unwrap());
    let mut said = String::new();
    for line in
        std::io::BufRead::lines(std::io::BufReader::new(server.0.stderr.take().unwrap())).map(Result::unwrap)
    {
        said += &line;
        if line.contains("listening") {
            break;
        }
    }
    assert!(said.contains("listening") && !said.contains("panicked"), "{said}");
}

/// A slip of some zeros is told at start, and not by a machine that runs out of memory.
#[test]
fn sizes_have_upper_bounds() {
    let text = "[decoder]\nmax_batch = 100000\nhop_frames = 1000000\n[engine]\nstream_interval = 70000\n\
                [limits]\ntext_characters = 50000000\nopenai_input_characters = 50000000\n\
                body_bytes = 20971520000\nall_bodies_bytes = 100000000000\n";
    told(
        text,
        |_| {},
        &[
            "line 2: decoder.max_batch must be from 0 to 1024",
            "line 3: decoder.hop_frames must be from 0 to 256",
            "line 5: engine.stream_interval must be from 1 to 1000",
            "line 7: limits.text_characters must be at most 100000",
            "line 8: limits.openai_input_characters must be at most 100000",
            "line 9: limits.body_bytes must be at most 1073741824",
        ],
    );
}

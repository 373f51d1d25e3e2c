//! The commands `say` and `voices` of the program.

use std::{path::Path, process::Stdio};

use serde_json::Value;
use svara_testkit::{
    fake_vllm::{End, FakeVllm, Script},
    models,
};
use tokio::{io::AsyncWriteExt, process::Command};

use crate::program;

struct Shell {
    engine: FakeVllm,
    directory: tempfile::TempDir,
}

struct Said {
    code: Option<i32>,
    stdout: Vec<u8>,
    stderr: String,
}

impl Shell {
    async fn new(script: Script) -> Self {
        let engine = FakeVllm::start(script).await;
        let directory = tempfile::tempdir().unwrap();
        let more = format!(
            "[engine]\nbase_url = {:?}\n[model]\ntokenizer = {:?}\n[voices]\nstore = \"\"\n",
            engine.base_url(),
            models::tokenizer()
        );
        program::config(directory.path(), &more);
        Self { engine, directory }
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.directory.path().join(name)
    }

    async fn run(&self, arguments: &[&str], stdin: &str) -> Said {
        let mut command = Command::from(program::program(&self.path("server.toml")));
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut input = child.stdin.take().unwrap();
        // A program that refuses its command line doesn't read its input.
        let _ = input.write_all(stdin.as_bytes()).await;
        drop(input);
        let output = child.wait_with_output().await.unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        Said { code: output.status.code(), stdout: output.stdout, stderr }
    }

    async fn say(&self, arguments: &[&str]) -> Said {
        self.run(&[&["say", "नमस्ते", "-v", "hi_female"], arguments].concat(), "").await
    }
}

fn samples(path: &Path) -> u32 {
    hound::WavReader::open(path).unwrap().duration()
}

#[tokio::test]
async fn say_writes_a_file_and_prints_timings() {
    let shell = Shell::new(Script::frames(10)).await;
    let path = shell.path("out.wav");
    let said = shell.say(&["-o", path.to_str().unwrap(), "--seed", "7", "--style", "happy"]).await;
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    assert_eq!(samples(&path), 10 * 2048);
    assert!(said.stdout.is_empty());
    let words = ["first audio ", " ms, 0.85 s of audio in ", "real-time factor "];
    assert!(words.iter().all(|word| said.stderr.contains(word)), "{}", said.stderr);
    let [asked] = shell.engine.requests().try_into().unwrap();
    assert_eq!(asked["seed"], 7);
    for (name, magic) in [("out.flac", b"fLaC".as_slice()), ("out.MP3", b"\xff"), ("out.opus", b"OggS")] {
        let path = shell.path(name);
        let said = shell.say(&["-o", path.to_str().unwrap()]).await;
        assert_eq!(said.code, Some(0), "{}", said.stderr);
        assert!(std::fs::read(&path).unwrap().starts_with(magic), "{name}");
    }
}

#[tokio::test]
async fn say_reads_a_pipe_and_writes_one() {
    let shell = Shell::new(Script::frames(5)).await;
    let arguments =
        ["say", "-v", "hi_female", "-o", "-", "--format", "pcm", "--sample-rate", "48000", "--speed", "2"];
    let said = shell.run(&arguments, "नमस्ते\n").await;
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    assert_eq!(said.stdout.len(), 5 * 2048 * 2, "twice the rate, half as long, two bytes each");
    let [piped] = shell.engine.requests().try_into().unwrap();
    shell.say(&["-o", "-", "--speed", "2"]).await;
    assert_eq!(piped["prompt"], shell.engine.requests()[1]["prompt"], "the same words");
}

#[tokio::test]
async fn say_is_as_loud_as_asked() {
    let shell = Shell::new(Script::frames(5)).await;
    let loudest = async |arguments: &[&str]| {
        let said = shell.say(&[&["-o", "-", "--format", "pcm"], arguments].concat()).await;
        assert_eq!(said.code, Some(0), "{}", said.stderr);
        let samples = said.stdout.chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]]));
        samples.map(|sample| i32::from(sample).abs()).max().unwrap()
    };
    let plain = loudest(&[]).await;
    assert!(plain > 20, "the decoder is heard: {plain}");
    assert!((loudest(&["--volume", "0.5"]).await * 2 - plain).abs() <= 2);
    assert!((loudest(&["--gain-db", "-20"]).await * 10 - plain).abs() <= 10);
    for (flag, value) in [("--volume", "0"), ("--gain-db", "21")] {
        let said = shell.say(&["-o", "-", flag, value]).await;
        let field = flag.trim_start_matches("--").replace('-', "_");
        assert!(said.code == Some(64) && said.stderr.contains(&field), "{:?} {}", said.code, said.stderr);
    }
}

#[tokio::test]
async fn say_repeats_and_sums_up() {
    let shell = Shell::new(Script::frames(5)).await;
    let said = shell.say(&["--repeat", "3"]).await;
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    assert_eq!(shell.engine.requests().len(), 3);
    assert_eq!(said.stderr.lines().count(), 4, "{}", said.stderr);
    assert!(said.stderr.contains("3 runs, min/median/max: first audio "), "{}", said.stderr);
}

#[tokio::test]
async fn the_exit_code_follows_the_origin() {
    let shell = Shell::new(Script::frames(5)).await;
    let path = shell.path("out.wav");
    let out = path.to_str().unwrap();
    for (arguments, word) in [
        (["-o", out, "--style", "angry"].as_slice(), "angry"),
        (&["-o", "out.xyz"], "unknown audio format"),
        (&["-o", out, "--speed", "9"], "speed must be from"),
        (&["-o", out, "--format", "opus", "--sample-rate", "22050"], "22050"),
        (&["-o", out, "--loud"], "--loud"),
        (&["--repeat", "0"], "0"),
    ] {
        let said = shell.say(arguments).await;
        assert_eq!(said.code, Some(64), "{arguments:?}: {}", said.stderr);
        assert!(said.stderr.contains(word), "{arguments:?}: {}", said.stderr);
    }
    let said = shell.run(&["say", "x", "-v", "hindi_female", "-o", out], "").await;
    assert_eq!(said.code, Some(64));
    assert!(said.stderr.contains("did you mean"), "{}", said.stderr);
    shell.engine.set(Script { end: End::ErrorEvent, ..Script::frames(5) });
    let said = shell.say(&["-o", out]).await;
    assert_eq!(said.code, Some(1), "{}", said.stderr);
    assert!(!path.exists(), "an incomplete speech isn't written");
    shell.engine.set(Script::frames(5));
    let said = shell.say(&["-o", "/nowhere/out.wav"]).await;
    assert_eq!(said.code, Some(1), "{}", said.stderr);
    assert!(said.stderr.contains("/nowhere/out.wav"), "{}", said.stderr);
    assert_eq!(shell.run(&["--help"], "").await.code, Some(0));
}

#[tokio::test]
async fn voices_are_listed_for_people_and_programs() {
    let shell = Shell::new(Script::frames(1)).await;
    let list = shell.run(&["voices"], "").await;
    let lines = String::from_utf8(list.stdout).unwrap();
    assert_eq!((list.code, lines.lines().count()), (Some(0), 39), "{}", list.stderr);
    assert!(lines.starts_with("VOICE"), "{lines}");
    let line = lines.lines().find(|line| line.starts_with("hi_female ")).unwrap();
    assert!(
        line.contains("female  hi") && line.contains("Hindi (Female)") && line.contains("alloy"),
        "{line}"
    );
    let tamil = shell.run(&["voices", "--language", "ta-IN"], "").await;
    assert_eq!(String::from_utf8(tamil.stdout).unwrap().lines().count(), 3, "{}", tamil.stderr);
    let none = shell.run(&["voices", "--language", "fr"], "").await;
    assert!(none.code == Some(64) && none.stderr.contains("hi"), "{}", none.stderr);
    let json = shell.run(&["voices", "--json"], "").await;
    let voices: Vec<Value> = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!(voices.len(), 38);
    assert!(voices.iter().any(|voice| voice["voice_id"] == "en_male" && voice["languages"][0] == "en"));
}

#[tokio::test]
async fn a_shell_completes_its_commands_and_it_has_a_manual_page() {
    let shell = Shell::new(Script::frames(1)).await;
    for name in ["bash", "zsh", "fish"] {
        let script = shell.run(&["completions", name], "").await;
        let text = String::from_utf8(script.stdout).unwrap();
        assert!(script.code == Some(0) && text.contains("svara-server") && text.contains("say"), "{name}");
    }
    let page = shell.run(&["man"], "").await;
    assert!(page.code == Some(0) && page.stdout.starts_with(b".") && page.stderr.is_empty());
    let unknown = shell.run(&["completions", "cmd"], "").await;
    assert!(unknown.code == Some(64) && unknown.stderr.contains("bash"), "{}", unknown.stderr);
}

#[tokio::test]
async fn say_chooses_a_voice_by_the_texts_script_and_a_file() {
    let shell = Shell::new(Script::frames(5)).await;
    for (text, speaker) in
        [("வணக்கம்", "Tamil (Female)"), ("hello there", "English (Female)"), ("नमस्ते", "Hindi (Female)")]
    {
        let mut command = Command::from(program::program(&shell.path("server.toml")));
        // Not a terminal: the file is written where the command runs.
        command
            .current_dir(models::workspace())
            .env("SVARA_MODEL_PROFILE", models::workspace().join("config/models/svara-v1.toml"));
        command.current_dir(shell.directory.path()).args(["say", text]);
        let output = command.stdin(Stdio::null()).output().await.unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{said}");
        assert_eq!(samples(&shell.path("speech.wav")), 5 * 2048);
        assert!(said.contains("speech.wav") && !said.contains("{\""), "{said}");
        let prompt = shell.engine.requests().pop().unwrap()["prompt"].to_string();
        let told = shell.run(&["prompt", "--json", "--voice", speaker, text], "").await;
        assert!(prompt.contains(String::from_utf8(told.stdout).unwrap().trim()), "{speaker}: {prompt}");
    }
}

/// The gender may differ: the command line has a woman's voice, as the docs do, and requests the first one.
#[tokio::test]
async fn a_text_without_a_voice_has_the_same_language_on_the_command_line_and_over_http() {
    let shell = Shell::new(Script::frames(5)).await;
    let server = crate::harness::Server::start(Script::frames(1)).await;
    for (text, language) in [
        ("OK, नमस्ते दुनिया", "hi"),
        ("hello there, नमस्ते", "en"),
        ("WhatsApp வழியாக அனுப்பவும்", "ta"),
        ("5", "hi"),
    ] {
        let said = shell.run(&["text", text], "").await;
        let by_command: Value = serde_json::from_slice(&said.stdout).unwrap();
        let body = serde_json::json!({"text": text, "language": "auto"});
        let answer = server.request("/v1/text/preview", &body).send().await.unwrap();
        let (_, by_request) = crate::harness::status_and_json(answer).await;
        for shown in [by_command, by_request] {
            let voice = shown["voice_id"].as_str().unwrap_or_default();
            assert!(voice.starts_with(&format!("{language}_")), "{text}: {shown}");
        }
    }
}

#[tokio::test]
async fn the_prompt_is_shown_with_its_pieces_and_words() {
    let shell = Shell::new(Script::frames(5)).await;
    let shown = shell.run(&["prompt", "५ किलो आटा", "-v", "hi_female"], "").await;
    let shown = String::from_utf8(shown.stdout).unwrap();
    for words in ["piece 1", "पाँच किलो आटा", "tokens", "128000"] {
        assert!(shown.contains(words), "{words} is not in {shown}");
    }
}

#[tokio::test]
async fn the_demo_voice_may_be_asked_for_behind_the_command() {
    let shell = Shell::new(Script::frames(5)).await;
    let said = shell.run(&["voices", "--demo"], "").await;
    assert_eq!(said.code, Some(0), "{}", said.stderr);
}

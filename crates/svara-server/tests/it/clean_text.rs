//! Text as people and programs really send it, through every API: what reaches the engine, and what is heard.

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use serde_json::{Value, json};
use svara_testkit::{fake_vllm::Script, models::workspace};

use crate::{
    harness::{Server, status_and_json},
    sockets::{Client, audio},
};

/// Bytes of a frame as 16-bit PCM at the model's own rate.
const FRAME_BYTES: usize = 2048 * 2;
/// Frames of each piece.
const FRAMES: usize = 6;

/// A server whose prompts these tests can read.
async fn server() -> Server {
    Server::with(Script::frames(FRAMES), |config| config.model.tokenizer = String::new()).await
}

/// The words that the engine was asked to say, piece by piece.
fn said(server: &Server) -> Vec<String> {
    let words = |request: Value| {
        let prompt = request["prompt"].as_str().unwrap().to_owned();
        let words = prompt
            .rsplit_once("ale): ")
            .or_else(|| prompt.rsplit_once("tara: "))
            .map_or(&*prompt, |(_, words)| words);
        let end = ["<custom_token_", "<|eot_id|>"]
            .iter()
            .filter_map(|end| words.find(end))
            .min()
            .unwrap_or(words.len());
        words[..end].to_owned()
    };
    server.engine.requests().into_iter().map(words).collect()
}

/// The requests of a text in all APIs, as the name of each, its path and its body.
fn requests(text: &str, voice: &str) -> [(&'static str, String, Value); 3] {
    [
        (
            "svara",
            "/v1/text-to-speech".to_owned(),
            json!({"text": text, "voice": voice, "response_format": "pcm"}),
        ),
        (
            "openai",
            "/v1/audio/speech".to_owned(),
            json!({"input": text, "voice": voice, "response_format": "pcm"}),
        ),
        ("elevenlabs", format!("/v1/text-to-speech/{voice}?output_format=pcm_24000"), json!({"text": text})),
    ]
}

/// Says a text in one of the APIs; returns the words of this text, and the bytes of the sound.
async fn say(server: &Server, path: &str, body: &Value) -> (Vec<String>, usize) {
    let before = server.engine.requests().len();
    let response = server.request(path, body).send().await.unwrap();
    assert_eq!(response.status(), 200, "{path} {body}");
    let bytes = response.bytes().await.unwrap().len();
    (said(server).split_off(before), bytes)
}

#[tokio::test]
async fn markup_control_characters_and_spellings_are_the_same_everywhere() {
    let server = server().await;
    for (typed, words) in [
        ("Tom &amp; Jerry, it&#39;s <b>Bold</b>", "Tom & Jerry, it's Bold"),
        ("\u{1b}[31mred\u{1b}[0m\u{7}\u{0} so\u{ad}ft \u{202e}text\u{202c}", "red soft text"),
        ("<p>One<br/>two</p>", "One\ntwo"),
        ("<speak>Hi <emphasis level=\"strong\">there</emphasis></speak>", "Hi there"),
        ("Say <say-as interpret-as=\"digits\">4582</say-as> now", "Say four five eight two now"),
        ("<sub alias=\"World Wide Web\">WWW</sub>", "World Wide Web"),
        ("&lt;b&gt;escaped&lt;/b&gt;", "escaped"),
        ("\u{95b}\u{942}र", "\u{91c}\u{93c}\u{942}र"),
        ("ന\u{d4d}\u{200d}", "\u{d7b}"),
        ("க\u{bc6}\u{bbe}", "க\u{bca}"),
        ("ব\u{9dc}", "ব\u{9a1}\u{9bc}"),
    ] {
        for (api, path, body) in requests(typed, "en_male") {
            let (pieces, _) = say(&server, &path, &body).await;
            assert_eq!(pieces, [words], "{api} {typed:?}");
        }
        let mut socket = Client::open(&server, "en_male/stream-input", "").await;
        let before = server.engine.requests().len();
        socket.send(json!({"text": typed, "flush": true})).await;
        socket.send(json!({"text": ""})).await;
        assert_eq!(socket.rest().await.1, 1000);
        let pieces = said(&server).split_off(before);
        assert_eq!(
            pieces.join(" ").split_whitespace().collect::<Vec<_>>(),
            words.split_whitespace().collect::<Vec<_>>(),
            "socket {typed:?}"
        );
    }
}

#[tokio::test]
async fn markdown_emoji_and_thoughts_go_where_models_write() {
    let server = server().await;
    for (typed, words) in [
        ("### Heading\n\nSome **bold** [link](https://a.in/x).", "Heading\n\nSome bold link."),
        ("Great job! 🎉🎉 See you 👋🏽", "Great job! See you"),
        ("<think>Greet them.</think>Hello!", "Hello!"),
        ("Run it:\n\n```sh\nrm -rf x\n```\n\nDone.", "Run it:\nDone."),
        ("- one\n- two", "one\ntwo"),
        ("| a | b |\n|---|---|\n| c | d |", "a, b\nc, d"),
    ] {
        for (api, path, mut body) in requests(typed, "en_male") {
            let (pieces, _) = say(&server, &path, &body).await;
            if api == "svara" {
                assert_ne!(pieces, [words], "{api} {typed:?}: only what is asked for");
                body["strip_markdown"] = json!(true);
                body["strip_emoji"] = json!(true);
            } else {
                assert_eq!(pieces, [words], "{api} {typed:?}");
                body["strip_markdown"] = json!(false);
                body["strip_emoji"] = json!(false);
                assert_ne!(
                    say(&server, &path, &body).await.0,
                    [words],
                    "{api} {typed:?}: the request has the last word"
                );
                continue;
            }
            assert_eq!(say(&server, &path, &body).await.0, [words], "{api} {typed:?}");
        }
    }
    let body = json!({"message": {"type": "voice-request", "text": "**Hi** 🎉", "sampleRate": 24000}});
    assert_eq!(say(&server, "/v1/vapi/en_male", &body).await.0, ["Hi"]);
}

#[tokio::test]
async fn a_servers_default_holds_for_all_apis() {
    let with = async |clean| {
        let clean = toml::from_str::<svara_config::TextConfig>(&format!("clean = \"{clean}\"")).unwrap();
        Server::with(Script::frames(1), |config| {
            config.model.tokenizer = String::new();
            config.text = clean;
        })
        .await
    };
    for (server, words) in [(with("on").await, "ok"), (with("off").await, "**ok** 🎉")] {
        for (api, path, body) in requests("**ok** 🎉", "en_male") {
            assert_eq!(say(&server, &path, &body).await.0, [words], "{api}");
        }
    }
}

#[tokio::test]
async fn sockets_clean_text_that_comes_in_parts() {
    let server = server().await;
    let mut socket = Client::open(&server, "en_male/stream-input", "").await;
    for part in [
        "<thi",
        "nk>Say hello. Be nice.",
        "</think>",
        "**Hello",
        " there.** ",
        "Wait <break ",
        "time=\"1s\"/> now 🎉. ",
        "",
    ] {
        socket.send(json!({"text": part})).await;
    }
    let (messages, code) = socket.rest().await;
    assert_eq!(code, 1000);
    assert_eq!(said(&server), ["Hello there.", "Wait", "now ."]);
    let bytes: usize = messages.iter().map(|message| audio(message).len()).sum();
    assert_eq!(bytes, 3 * FRAMES * FRAME_BYTES + 24_000 * 2);
}

/// What a socket says of code is what a request says, however its text is cut.
#[tokio::test]
async fn sockets_tell_code_as_requests_do() {
    let server = server().await;
    for typed in [
        "One is here.\n\n~~~py\nprint(1). x = 2.\n~~~\n\nTwo is there.",
        "Run this. ```ls``` lists files.",
        "```ls``` lists files. That is all.",
        "````md\n```sh\nrm x. \n```\nSo. \n````\n\nTwo is there.",
        "```py\nprint('```'). x = 2.\n```\n\nTwo is there.",
    ] {
        let body =
            json!({"text": typed, "voice": "en_male", "response_format": "pcm", "strip_markdown": true});
        let words = |pieces: &[String]| pieces.join(" ").split_whitespace().collect::<Vec<_>>().join(" ");
        let expected = words(&say(&server, "/v1/text-to-speech", &body).await.0);
        for size in [1, 7, 1000] {
            let before = server.engine.requests().len();
            let mut socket = Client::open(&server, "en_male/stream-input", "").await;
            let parts: Vec<char> = typed.chars().collect();
            for part in parts.chunks(size) {
                socket.send(json!({"text": part.iter().collect::<String>()})).await;
            }
            socket.send(json!({"text": ""})).await;
            assert_eq!(socket.rest().await.1, 1000);
            assert_eq!(words(&said(&server).split_off(before)), expected, "{typed:?} by {size}");
        }
    }
}

#[tokio::test]
async fn what_has_no_word_never_reaches_the_engine() {
    let server = server().await;
    for typed in [
        "...",
        "---",
        "!!!!!!!",
        "।।।",
        "—",
        "*",
        "😀 ...",
        "🎉🎉🎉",
        "\u{200b}\u{200d}\u{feff}",
        "\u{3164}\u{2060}\u{ad}\u{e0041}",
        "<b></b>",
        "&nbsp;",
    ] {
        for (api, path, body) in requests(typed, "hi_female") {
            let (pieces, bytes) = say(&server, &path, &body).await;
            assert_eq!(pieces, [""; 0], "{api} {typed:?}");
            assert!(bytes > 0 && bytes % 2 == 0, "{api} {typed:?}");
        }
        for format in ["wav", "mp3", "opus", "flac", "pcm"] {
            let fields = json!({"text": typed, "response_format": format, "stream": false});
            let response = server.speak(fields).await;
            assert_eq!(response.status(), 200, "{format} {typed:?}");
            let length = response.headers()["content-length"].to_str().unwrap().parse::<usize>().unwrap();
            assert!(length > 0 && length == response.bytes().await.unwrap().len());
        }
        let (_, timed) = status_and_json(
            server
                .request("/v1/text-to-speech/hi_female/with-timestamps", &json!({"text": typed}))
                .send()
                .await
                .unwrap(),
        )
        .await;
        assert!(!BASE64.decode(timed["audio_base64"].as_str().unwrap()).unwrap().is_empty());
    }
    assert_eq!(server.engine.requests().len(), 0);
    for typed in ["", "  \n", "<happy>"] {
        let (status, _) = server.speak_json(json!({"text": typed})).await;
        assert_eq!(status, 422, "{typed:?}");
    }
    server.quiet().await;
}

#[tokio::test]
async fn labels_stay_with_their_clauses() {
    let server = server().await;
    let text = "We looked at the following questions in the study of that year, which are (1) how the network behaves under \
                load and what its operators expect of it (2) how the protocol recovers from the loss of several nodes in one \
                place and (3) whether the cost of the design is acceptable to its users (4) what remains to be done (SRE 21) \
                in the years that come, since 1996. And that was all.";
    let (pieces, _) = say(
        &server,
        "/v1/audio/speech",
        &json!({"input": text, "voice": "en_male", "response_format": "pcm"}),
    )
    .await;
    assert!(pieces.len() > 1, "{pieces:?}");
    for piece in &pieces {
        let closed = piece.trim_end_matches(['.', ',']);
        assert!(!closed.ends_with(')'), "{pieces:?}");
        assert!(!piece.starts_with([')', ',', '.', ':']), "{pieces:?}");
    }
}

/// A paragraph of which users of another server heard parts only: the introduction of NIST's plan of an evaluation.
#[tokio::test]
async fn a_paragraph_with_labels_is_said_whole() {
    let server = server().await;
    let text = "The 2021 Speaker Recognition Evaluation (SRE21) is the next in an ongoing series of speaker recognition \
                evaluations conducted by the US National Institute of Standards and Technology (NIST) since 1996. The objectives \
                of the evaluation series are (1) to effectively measure system-calibrated performance of the current state of \
                technology, (2) to provide a common framework that enables the research community to explore promising new \
                ideas in speaker recognition, and (3) to support the community in their development of advanced technology \
                incorporating these ideas. The evaluations are intended to be of interest to all researchers working on the \
                general problem of text-independent speaker recognition. To this end, the evaluations are designed to focus on \
                core technology issues and to be simple and accessible to those wishing to participate.";
    let words = text
        .replace("The 2021", "The two thousand and twenty one")
        .replace("SRE21", "SRE twenty one")
        .replace("US National", "U S National")
        .replace("1996", "nineteen ninety six")
        .replace("(1)", "(one)")
        .replace("(2)", "(two)")
        .replace("(3)", "(three)");
    for (api, path, body) in requests(text, "en_male") {
        let (pieces, _) = say(&server, &path, &body).await;
        assert!(pieces.len() > 1, "{api}: {pieces:?}");
        assert_eq!(pieces.join(" "), words, "{api}");
        for piece in &pieces {
            let closed = piece.trim_end_matches(['.', ',']);
            assert!(!closed.ends_with(')'), "{api}: {pieces:?}");
            assert!(
                !piece.starts_with([')', ',', '.', ':']) && !piece.starts_with("since"),
                "{api}: {pieces:?}"
            );
        }
    }
}

#[tokio::test]
async fn orpheus_tags_stay_where_they_were_typed() {
    let server = Server::with(Script::frames(1), |config| {
        config.model.tokenizer = String::new();
        config.model.profile = workspace().join("config/models/orpheus-3b.toml");
    })
    .await;
    let typed = "<laugh> Oh, right. Good reminder! <CHUCKLE> I'll give it a try. <sigh>";
    let words = "<laugh> Oh, right. Good reminder! <chuckle> I'll give it a try. <sigh>";
    for (api, path, body) in requests(typed, "tara") {
        assert_eq!(say(&server, &path, &body).await.0, [words], "{api}");
    }
}

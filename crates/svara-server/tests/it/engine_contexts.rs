//! Texts that are too long for an engine's context, in the words of each engine: the caller's fault, and no engine's.

use serde_json::{Value, json};
use svara_config::DecoderBackend;
use svara_testkit::fake_vllm::{End, FakeVllm, Script};

use crate::harness::Server;

/// Refusals as engines write them: the status and the body.
fn refusals() -> Vec<(u16, String)> {
    let vllm = |message: &str| {
        (400, json!({"object": "error", "message": message, "type": "BadRequestError", "param": null, "code": 400}).to_string())
    };
    let wrapped = |message: &str, kind: &str| {
        (400, json!({"error": {"message": message, "type": kind, "code": 400}}).to_string())
    };
    vec![
        vllm("This model's maximum context length is 2048 tokens. However, you requested 9000 tokens (8000 in the messages)."),
        wrapped("This model's maximum context length is 2048 tokens. However, your request has 9000 input tokens.", "BadRequestError"),
        wrapped("The decoder prompt (length 3000) is longer than the maximum model length of 2048.", "BadRequestError"),
        vllm("Requested token count exceeds the model's maximum context length of 2048 tokens."),
        vllm("The input (3000 tokens) is longer than the model's context length (2048 tokens)."),
        vllm("Input length (3000 tokens) exceeds the maximum allowed length (2043 tokens)."),
        wrapped("request (9000 tokens) exceeds the available context size (2048 tokens), try increasing it", "exceed_context_size_error"),
        wrapped("too big", "exceed_context_size_error"),
        (413, json!({"error": "Input validation error: `inputs` must have less than 1024 tokens. Given: 3000", "error_type": "validation"}).to_string()),
        (422, json!({"error": "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 2048. Given: 3000 `inputs` tokens and 1000 `max_new_tokens`", "error_type": "validation"}).to_string()),
        wrapped("The sum of prompt length (3000.0) and query length (0) should not exceed max_num_tokens (2048)", "BadRequestError"),
    ]
}

#[tokio::test]
async fn a_text_too_long_for_the_context_is_the_callers_fault_and_ejects_no_engine() {
    let other = FakeVllm::start(Script::frames(1)).await;
    let url = other.base_url();
    let server = Server::with(Script::frames(1), |config| {
        config.decoder.kind = DecoderBackend::Null;
        config.engine.base_url = format!("{},{url}", config.engine.base_url);
    })
    .await;
    let asked = || server.engine.requests().len() + other.requests().len();
    for (status, body) in refusals() {
        let script = Script { end: End::Refuse(status, body.clone()), ..Script::frames(0) };
        server.engine.set(script.clone());
        other.set(script);
        let before = asked();
        for number in 0..7 {
            let (got, answer) = server.speak_json(json!({"text": format!("long {number}")})).await;
            assert_eq!((got, &answer["error"]["field"]), (422, &json!("text")), "{body}: {answer}");
            assert_eq!(answer["error"]["origin"], "client", "{answer}");
        }
        assert_eq!(asked() - before, 7, "{body}: it is asked again");
    }
    let health: Value = server.client.get(server.url("/health")).send().await.unwrap().json().await.unwrap();
    for engine in health["engines"].as_array().unwrap() {
        assert_eq!(engine["state"], "serving", "{health}");
    }
    assert_eq!(health["status"], "healthy", "{health}");
    server.engine.set(Script::frames(9));
    other.set(Script::frames(9));
    assert_eq!(server.speak(json!({"text": "short"})).await.status(), 200);
}

#[tokio::test]
async fn other_refusals_stay_the_engines_fault() {
    let server = Server::start(Script::frames(1)).await;
    for (status, message) in [
        (400, "top_k must be -1 or at least 1"),
        (404, "This model's maximum context length is 2048 tokens."),
        (500, "This model's maximum context length is 2048 tokens."),
    ] {
        let body = json!({"error": {"message": message, "type": "x", "code": status}}).to_string();
        server.engine.set(Script { end: End::Refuse(status, body), ..Script::frames(0) });
        let (got, answer) = server.speak_json(json!({})).await;
        assert_eq!(
            (got, &answer["error"]["origin"]),
            (502, &json!("engine")),
            "{status} {message}: {answer}"
        );
    }
}

//! The names by which a voice is found.

use serde_json::{Value, json};
use svara_testkit::fake_vllm::Script;

use crate::harness::{Server, status_and_json};

/// The speaker in the prompt that the engine got.
fn speaker(server: &Server) -> String {
    let prompt = server.engine.requests().pop().unwrap()["prompt"].as_str().unwrap().to_owned();
    prompt.split_once("<|audio|>").unwrap().1.split_once(':').unwrap().0.to_owned()
}

/// A server whose prompts are text, which these tests can read.
async fn server() -> Server {
    Server::with(Script::frames(2), |config| config.model.tokenizer = String::new()).await
}

async fn speak(server: &Server, path: &str, body: Value) -> (u16, Value) {
    let response = server.request(path, &body).send().await.unwrap();
    if response.status() == 200 { (200, Value::Null) } else { status_and_json(response).await }
}

#[tokio::test]
async fn each_dialect_takes_ids_languages_and_aliases() {
    let server = server().await;
    for (name, expected) in [
        ("hi_female", "Hindi (Female)"),
        ("hindi (female)", "Hindi (Female)"),
        ("ta-IN-female", "Tamil (Female)"),
        ("bho-IN-male", "Bhojpuri (Male)"),
        ("alloy", "Hindi (Female)"),
        ("Onyx", "Hindi (Male)"),
        ("marin", "English (Female)"),
    ] {
        let body = json!({"text": "namaste", "voice": name, "response_format": "pcm"});
        assert_eq!(speak(&server, "/v1/text-to-speech", body).await.0, 200, "{name}");
        assert_eq!(speaker(&server), expected, "{name}");
        let body = json!({"input": "namaste", "voice": name, "response_format": "pcm"});
        assert_eq!(speak(&server, "/v1/audio/speech", body).await.0, 200, "{name}");
        assert_eq!(speaker(&server), expected, "{name}");
    }
}

#[tokio::test]
async fn language_and_gender_stand_for_a_voice() {
    let server = server().await;
    for (fields, expected) in [
        (json!({"language": "bn-IN", "gender": "female"}), "Bengali (Female)"),
        (json!({"voice": "bn-IN", "gender": "female"}), "Bengali (Female)"),
        (json!({"language": "mr"}), "Marathi (Male)"),
        (json!({"voice": "hi_female", "language": "mr"}), "Hindi (Female)"),
        (json!({"voice": "hi_female", "gender": "male"}), "Hindi (Female)"),
    ] {
        let mut body = json!({"text": "नमस्ते", "response_format": "pcm"});
        body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        assert_eq!(speak(&server, "/v1/text-to-speech", body).await.0, 200, "{fields}");
        assert_eq!(speaker(&server), expected, "{fields}");
    }
    let form = "text=hello&language=ta-IN&gender=Female&response_format=pcm";
    let request = server.client.post(server.url("/v1/text-to-speech")).body(form);
    let response = request.header("content-type", "application/x-www-form-urlencoded").send().await.unwrap();
    assert_eq!((response.status().as_u16(), speaker(&server).as_str()), (200, "Tamil (Female)"));
}

#[tokio::test]
async fn an_unknown_name_suggests_the_nearest() {
    let server = server().await;
    for (fields, nearest) in [
        (json!({"voice": "hi_femal"}), Some("hi_female")),
        (json!({"voice": "aloy"}), Some("hi_female")),
        (json!({"language": "ta-male-IN"}), Some("ta_male")),
        (json!({"language": "fr-FR", "gender": "male"}), None),
    ] {
        let mut body = json!({"text": "नमस्ते"});
        body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        let (status, answer) = speak(&server, "/v1/text-to-speech", body).await;
        assert_eq!((status, &answer["error"]["type"]), (404, &json!("unknown_voice")), "{answer}");
        let detail = answer["detail"].as_str().unwrap();
        assert!(nearest.is_none_or(|nearest| detail.contains(nearest)), "{detail}");
    }
    let (status, answer) =
        speak(&server, "/v1/text-to-speech", json!({"text": "नमस्ते", "language": "hi", "gender": "loud"}))
            .await;
    assert_eq!(status, 422, "{answer}");
}

//! The OpenAPI document, which is made of the routers, against a running server.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::{Value, json};
use svara_testkit::fake_vllm::Script;

use crate::harness::{Server, status_and_json};

pub async fn document(server: &Server) -> Value {
    server.client.get(server.url("/openapi.json")).send().await.unwrap().json().await.unwrap()
}

/// The operations of a document: method, path and description.
pub fn operations(document: &Value) -> Vec<(Method, &str, &Value)> {
    let paths = document["paths"].as_object().unwrap().iter();
    let operations = paths.flat_map(|(path, item)| {
        let methods = item.as_object().unwrap().iter();
        methods.map(move |(method, operation)| {
            (method.to_uppercase().parse().unwrap(), path.as_str(), operation)
        })
    });
    operations.collect()
}

#[tokio::test]
async fn every_documented_operation_is_answered_and_no_other_method() {
    let server = Server::start(Script::frames(1)).await;
    let document = document(&server).await;
    let operations = operations(&document);
    assert!(operations.len() > 40, "{}", operations.len());
    for (method, path, _) in &operations {
        let url = server.url(&path.replace(['{', '}'], ""));
        let answer = server.client.request(method.clone(), &url).send().await.unwrap();
        let (status, text) = (answer.status(), answer.text().await.unwrap());
        assert!(status != 405 && !text.contains("no such route"), "{method} {path}: {status} {text}");
        let refused = server.client.request(Method::TRACE, &url).send().await.unwrap();
        assert_eq!(refused.status(), 405, "{path}");
        let allowed: BTreeSet<String> = refused.headers()["allow"]
            .to_str()
            .unwrap()
            .split(',')
            .filter(|method| *method != "HEAD")
            .map(str::to_owned)
            .collect();
        let of_path = operations.iter().filter(|(_, other, _)| other == path);
        let methods: BTreeSet<String> = of_path.map(|(method, ..)| method.to_string()).collect();
        assert_eq!(methods, allowed, "{path}");
        let (_, body) = status_and_json(refused).await;
        assert!(body.to_string().contains("doesn't support the method"), "{path}: {body}");
    }
}

#[tokio::test]
async fn references_resolve_and_operations_have_unique_names() {
    let server = Server::start(Script::frames(1)).await;
    let document = document(&server).await;
    let text = document.to_string();
    let references: BTreeSet<&str> =
        text.split("\"$ref\":\"#").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert!(references.len() > 10);
    for reference in references {
        assert!(document.pointer(reference).is_some(), "{reference}");
    }
    let operations = operations(&document);
    let names: BTreeSet<&str> =
        operations.iter().map(|(.., operation)| operation["operationId"].as_str().unwrap()).collect();
    assert_eq!(names.len(), operations.len());
    let tags = document["tags"].as_array().unwrap();
    let tags: BTreeSet<&str> = tags.iter().map(|tag| tag["name"].as_str().unwrap()).collect();
    for (method, path, operation) in operations {
        assert!(operation["summary"].is_string(), "{method} {path}");
        assert!(tags.contains(operation["tags"][0].as_str().unwrap()), "{method} {path}");
        for (status, answer) in operation["responses"].as_object().unwrap() {
            assert_ne!(answer["description"], "", "{method} {path}: {status}");
        }
    }
}

/// Limits and formats are those of the server that is asked.
#[tokio::test]
async fn limits_are_those_of_the_server() {
    let server = Server::with(Script::frames(1), |config| {
        config.limits.text_characters = 4000;
        config.jobs.max_items = 17;
        config.cache.memory_bytes = 50_000_000;
    })
    .await;
    let own = document(&server).await;
    let schema = |name: &str, field: &str| own["components"]["schemas"][name]["properties"][field].clone();
    for (name, field) in [("SvaraSpeech", "text"), ("ElevenLabsSpeech", "text"), ("OpenAiSpeech", "input")] {
        assert_eq!(schema(name, field)["maxLength"], 4000, "{name}");
    }
    assert!(schema("SvaraSpeech", "style")["description"].as_str().unwrap().contains("happy"));
    let formats = schema("SvaraSpeech", "response_format")["enum"].as_array().unwrap().clone();
    let page = server.client.get(server.url("/playground/settings.json")).send().await.unwrap();
    let (_, settings) = status_and_json(page).await;
    assert_eq!(formats.split_last().unwrap(), (&Value::Null, &settings["formats"].as_array().unwrap()[..]));
    let jobs = own["paths"]["/v1/jobs"]["post"]["description"].as_str().unwrap();
    assert!(jobs.contains("up to 17 texts"), "{jobs}");
    // Only a cache knows what a client has already.
    let speak = |document: &Value| document["paths"]["/v1/text-to-speech"]["post"].clone();
    assert!(speak(&own)["responses"]["304"].is_object());
    let without = Server::start(Script::frames(1)).await;
    let plain = document(&without).await;
    assert!(speak(&plain)["responses"]["304"].is_null());
    assert_eq!(plain["components"]["schemas"]["SvaraSpeech"]["properties"]["text"]["maxLength"], 5000);
    assert_eq!(plain["components"]["schemas"]["OpenAiSpeech"]["properties"]["input"]["maxLength"], 4096);
    // The example is spoken as it stands.
    let example = speak(&plain)["requestBody"]["content"]["application/json"]["example"].clone();
    let spoken = without.request("/v1/text-to-speech", &example).send().await.unwrap();
    assert_eq!((spoken.status().as_u16(), example["voice"].is_string()), (200, true), "{example}");
}

#[tokio::test]
async fn a_form_has_every_field_that_json_has() {
    let server = Server::start(Script::frames(2)).await;
    let document = document(&server).await;
    let fields = document["components"]["schemas"]["SvaraSpeech"]["properties"].as_object().unwrap();
    assert!(fields.len() > 25, "{fields:?}");
    for name in fields.keys() {
        let form = format!("text=a&voice=hi_female&{name}=~");
        let request = server.client.post(server.url("/v1/text/preview")).body(form);
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let answer = request.send().await.unwrap();
        let (status, named) = (answer.status(), answer.headers().get("x-ignored-fields").cloned());
        let told = answer.text().await.unwrap();
        assert!(!status.is_server_error(), "{name}: {told}");
        // Those that are read and mean nothing beside a voice are named, too.
        let overruled = ["language", "gender", "reference_transcript"].contains(&&**name);
        assert!(overruled || named.is_none_or(|named| named != *name), "{name}: {told}");
    }
}

/// What a client may rely on in an answer is what its schema requires.
#[tokio::test]
async fn the_settings_of_voices_are_answered_as_documented() {
    let server = Server::start(Script::frames(1)).await;
    let document = document(&server).await;
    for path in ["/v1/voices/settings/default", "/v1/voices/{id}/settings"] {
        let url = server.url(&path.replace("{id}", "hi_female"));
        let (_, settings) = status_and_json(server.client.get(url).send().await.unwrap()).await;
        let schema =
            &document["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"];
        let schema = document.pointer(schema["$ref"].as_str().unwrap().trim_start_matches('#')).unwrap();
        let required: BTreeSet<&str> =
            schema["required"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
        let answered = settings.as_object().unwrap();
        assert_eq!(answered.keys().map(String::as_str).collect::<BTreeSet<&str>>(), required, "{path}");
        for (name, value) in answered {
            let kind = if value.is_boolean() { "boolean" } else { "number" };
            assert_eq!(schema["properties"][name]["type"], kind, "{path}: {name}");
        }
    }
}

/// Refusals stand in the dialect of their group, also where no route answers.
#[tokio::test]
async fn refusals_are_spelled_as_documented() {
    let server = Server::start(Script::frames(1)).await;
    let document = document(&server).await;
    for (method, path, operation) in operations(&document) {
        let schema = &operation["responses"]["400"]["content"]["application/json"]["schema"]["$ref"];
        let url = server.url(&path.replace(['{', '}'], ""));
        let refused = server.client.request(Method::PATCH, url).send().await.unwrap();
        let (_, body) = status_and_json(refused).await;
        let spelled = match (&body["detail"], &body["error"]) {
            (Value::String(_), Value::Object(_)) => "SvaraError",
            (Value::Null, Value::Object(_)) => "OpenAiError",
            (Value::Object(_), Value::Null) => "ElevenLabsError",
            _ => panic!("{body}"),
        };
        assert_eq!(*schema, json!(format!("#/components/schemas/{spelled}")), "{method} {path}");
    }
    for (path, openai) in [("/v1/audio/nothing", true), ("/v1/models/x/y", true), ("/v1/audiobooks", false)] {
        let answer = server.client.get(server.url(path)).send().await.unwrap();
        let (status, body) = status_and_json(answer).await;
        assert_eq!((status, body["detail"].is_null()), (404, openai), "{path}: {body}");
    }
}

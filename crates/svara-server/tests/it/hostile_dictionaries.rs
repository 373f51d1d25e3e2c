//! Dictionaries that are made to do harm, and large ones.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};
use svara_testkit::fake_vllm::Script;

use crate::{
    dictionaries::{alias, ask, made, stored, upload},
    harness::{Server, status_and_json},
};

#[tokio::test]
async fn hostile_files_and_too_many_rules_are_refused() {
    let directory = tempfile::tempdir().unwrap();
    let server = Server::with(Script::frames(2), |config| {
        stored(directory.path())(config);
        config.dictionaries.max_rules = 3;
    })
    .await;
    let lexemes = "<lexeme><grapheme>a</grapheme><alias>b</alias></lexeme>";
    let bomb = "<!DOCTYPE lexicon [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;\">]><lexicon><lexeme>\
                <grapheme>x</grapheme><alias>&b;</alias></lexeme></lexicon>";
    let outside = "<!DOCTYPE lexicon [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><lexicon><lexeme>\
                   <grapheme>x</grapheme><alias>&x;</alias></lexeme></lexicon>";
    for (file, reason) in [
        (bomb.as_bytes().to_vec(), "DOCTYPE"),
        (outside.as_bytes().to_vec(), "DOCTYPE"),
        (format!("<lexicon>{}</lexicon>", lexemes.repeat(4)).into_bytes(), "more than 3 rules"),
        (b"<lexicon><lexeme>".to_vec(), "isn't closed"),
        (b"\xff\xfe<\0l\0".to_vec(), "UTF-8"),
        (b"PK\x03\x04".to_vec(), "one <lexicon>"),
    ] {
        let (status, error) = upload(&server, "x", file).await;
        assert_eq!((status, &error["detail"][0]["loc"]), (422, &json!(["body", "file"])), "{error}");
        assert!(error["detail"][0]["msg"].as_str().unwrap().contains(reason), "{error}");
    }
    let huge = vec![b' '; 4 * 1024 * 1024 + 1];
    assert_eq!(upload(&server, "x", huge).await.0, 413);
    let rules: Vec<Value> = (0..4).map(|n| alias(&format!("w{n}"), "x")).collect();
    let body = json!({"name": "x", "rules": rules});
    let (status, error) = ask(&server, Method::POST, "/add-from-rules", Some(body)).await;
    assert_eq!(status, 422);
    assert!(error.to_string().contains("dictionaries.max_rules"), "{error}");
    let (_, none) = ask(&server, Method::GET, "", None).await;
    assert_eq!(none["pronunciation_dictionaries"], json!([]));
    assert!(!directory.path().join("dictionary_versions").exists());
    // What a short text would become may not be longer than a text may be.
    let kept = made(&server, "long", &json!([alias("a", &"word ".repeat(39))])).await;
    let body =
        json!({"text": "a ".repeat(2000), "voice": "en_male", "pronunciation_dictionary_id": kept["id"]});
    let (status, error) =
        status_and_json(server.request("/v1/text/preview", &body).send().await.unwrap()).await;
    assert_eq!((status, &error["error"]["field"]), (422, &json!("text")), "{error}");
    assert!(error["detail"].as_str().unwrap().contains("dictionaries"), "{error}");
}

/// Texts take no longer with ten thousand rules than with one.
#[tokio::test]
async fn the_size_of_a_dictionary_makes_no_difference() {
    let directory = tempfile::tempdir().unwrap();
    let server = Server::with(Script::frames(2), stored(directory.path())).await;
    let text = "The quick brown fox paid ₹500 at 7:30 pm. ".repeat(110);
    let mut ids = Vec::new();
    for count in [1, 10_000] {
        let rules: Vec<Value> = (0..count).map(|n| alias(&format!("word{n:05} fox"), "एक शब्द")).collect();
        ids.push(made(&server, &count.to_string(), &json!(rules)).await["id"].clone());
    }
    let mut fastest = [Duration::MAX; 2];
    for _ in 0..20 {
        for (fastest, id) in fastest.iter_mut().zip(&ids) {
            let body = json!({"text": text, "voice": "en_male", "pronunciation_dictionary_id": id});
            let begun = Instant::now();
            let answer = server.request("/v1/text/preview", &body).send().await.unwrap();
            assert_eq!(answer.status(), 200);
            answer.bytes().await.unwrap();
            *fastest = begun.elapsed().min(*fastest);
        }
    }
    let (one, many) = (fastest[0], fastest[1]);
    println!("one rule: {one:?}; ten thousand: {many:?}");
    // Other work on the machine counts, too: a lookup of each rule by itself would still take longer.
    assert!(many < one * 2 + Duration::from_millis(10), "one rule: {one:?}, ten thousand: {many:?}");
}

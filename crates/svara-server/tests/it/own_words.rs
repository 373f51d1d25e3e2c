//! What an operator has said in a way of its own: `text.dictionary` and `text.acronyms`.

use serde_json::json;
use svara_testkit::{eventually, fake_vllm::Script};

use crate::harness::{Server, status_and_json};

const LEXICON: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>
<lexicon version=\"1.0\" xmlns=\"http://www.w3.org/2005/01/pronunciation-lexicon\" xmlns:svara=\"urn:svara:lexicon\"
    alphabet=\"ipa\" xml:lang=\"hi\">
  <lexeme><grapheme>NIMHANS</grapheme><alias>निम्हान्स</alias></lexeme>
  <lexeme svara:case-sensitive=\"false\"><grapheme>kenpath</grapheme><alias>केन पाथ</alias></lexeme>
  <lexeme svara:only=\"en\"><grapheme>GPU</grapheme><alias>graphics card</alias></lexeme>
</lexicon>";

async fn said(server: &Server, voice: &str, text: &str) -> String {
    let body = json!({"text": text, "voice": voice});
    let answer = server.request("/v1/text/preview", &body).send().await.unwrap();
    let (status, answer) = status_and_json(answer).await;
    assert_eq!(status, 200, "{answer}");
    answer["normalized"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn an_operators_words_hold_for_all_requests() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("words.pls");
    std::fs::write(&file, LEXICON).unwrap();
    let server = Server::with(Script::frames(3), |config| {
        config.text.dictionary = file.clone();
        config.text.acronyms = vec!["SVARA".to_owned(), "NASA".to_owned()];
        config.model.tokenizer = String::new();
        config.jobs.store = directory.path().join("jobs").display().to_string();
    })
    .await;
    for (voice, text, wanted) in [
        ("hi_female", "NIMHANS में GPU", "निम्हान्स में जी पी यू"),
        ("hi_female", "nimhans KENPATH", "nimhans केन पाथ"),
        ("hi_female", "SVARA और NASA", "एस वी ए आर ए और एन ए एस ए"),
        ("en_male", "SVARA on a GPU", "S V A R A on a graphics card"),
        ("en_male", "Svara", "Svara"),
    ] {
        assert_eq!(said(&server, voice, text).await, wanted, "{text}");
    }
    // Speech and jobs say the same.
    let prompt =
        |server: &Server| server.engine.requests().pop().unwrap()["prompt"].as_str().unwrap().to_owned();
    let speech = json!({"input": "NIMHANS SVARA", "voice": "hi_female"});
    assert_eq!(server.request("/v1/audio/speech", &speech).send().await.unwrap().status(), 200);
    assert!(prompt(&server).contains("निम्हान्स एस वी ए आर ए"), "{}", prompt(&server));
    let job = json!({"text": "NIMHANS", "voice": "hi_female"});
    let (status, job) = status_and_json(server.request("/v1/jobs", &job).send().await.unwrap()).await;
    assert_eq!(status, 202, "{job}");
    let path = format!("/v1/jobs/{}", job["id"].as_str().unwrap());
    eventually("the job's end", async || {
        let job: serde_json::Value =
            server.client.get(server.url(&path)).send().await.unwrap().json().await.unwrap();
        assert!(["queued", "running", "done"].iter().any(|status| job["status"] == *status), "{job}");
        (job["status"] == "done").then_some(())
    })
    .await;
    assert_eq!(server.engine.requests().len(), 2);
    let spoken = prompt(&server);
    assert!(spoken.contains("निम्हान्स") && !spoken.contains("एस वी ए आर ए"), "{spoken}");
}

#[tokio::test]
async fn wrong_words_end_the_start() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("words.pls");
    std::fs::write(&file, "<lexicon><lexeme><grapheme>x</grapheme></lexeme></lexicon>").unwrap();
    let mut config = crate::harness::config();
    config.text.dictionary = file;
    let error = format!("{:#}", svara_server::start::check(&config).unwrap_err());
    assert!(error.contains("words.pls") && error.contains("no alias and no phoneme"), "{error}");
    config.text.dictionary = directory.path().join("none.pls");
    let error = format!("{:#}", svara_server::start::check(&config).unwrap_err());
    assert!(error.contains("text.dictionary") && error.contains("none.pls"), "{error}");
    config.text.acronyms = vec!["Gpu".to_owned()];
    let error = config.check().unwrap_err().to_string();
    assert!(error.contains("text.acronyms") && error.contains("\"Gpu\""), "{error}");
}

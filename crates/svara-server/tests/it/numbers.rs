//! Numbers as chats, notices and forms write them, over HTTP: codes, telephone numbers, short months, decimals, acronyms.

use serde_json::json;
use svara_testkit::fake_vllm::Script;

use crate::harness::{Server, status_and_json};

#[tokio::test]
async fn numbers_are_said_by_what_is_around_them() {
    let server = Server::start(Script::frames(1)).await;
    for (voice, typed, said) in [
        ("en_male", "Your OTP is 4582", "Your O T P is four five eight two"),
        ("en_male", "276983 is your OTP", "two seven six nine eight three is your O T P"),
        (
            "en_male",
            "account number 123456789012",
            "account number one two three four, five six seven eight, nine zero one two",
        ),
        ("en_male", "Call 123-456-0987", "Call one two three, four five six, zero nine eight seven"),
        ("en_male", "(555) 123-4567", "(five five five) one two three, four five six seven"),
        ("en_male", "555-1234", "five five five, one two three four"),
        ("en_male", "15th Aug 1947", "fifteenth August nineteen forty seven"),
        ("en_male", "5 Mar 2024", "fifth March twenty twenty four"),
        ("en_male", "1st Jan 2025", "first January twenty twenty five"),
        ("en_male", "Sept 2023", "September twenty twenty three"),
        ("en_male", ".5 mg", "point five milligrams"),
        ("en_male", ".5%", "point five percent"),
        ("en_male", "7.30 pm", "seven thirty p m"),
        ("en_male", "Wait 10s", "Wait ten seconds"),
        ("en_male", "2 1/2 cups", "two and a half cups"),
        ("en_male", "GPU, USA, NASA, AI, OTP", "G P U, U S A, NASA, A I, O T P"),
        ("hi_female", "पिन कोड 110001", "पिन कोड एक एक शून्य शून्य शून्य एक"),
        ("hi_female", "मेरा OTP 4582 है", "मेरा ओ टी पी चार पाँच आठ दो है"),
        ("hi_female", "GPU और NASA", "जी पी यू और नासा"),
    ] {
        let body = json!({"text": typed, "voice": voice});
        let (status, shown) =
            status_and_json(server.request("/v1/text/preview", &body).send().await.unwrap()).await;
        assert_eq!((status, &shown["normalized"]), (200, &json!(said)), "{typed}");
    }
}

/// ElevenLabs' two alignments: the text as it was typed, and as it is said.
#[tokio::test]
async fn alignments_are_of_what_was_typed_and_of_what_is_said() {
    let server = Server::start(Script::frames(6)).await;
    let typed = "Costs $100 at 9:30PM.";
    let body = json!({"text": typed});
    let answer = server.request("/v1/text-to-speech/en_male/with-timestamps", &body).send().await.unwrap();
    let (status, answer) = status_and_json(answer).await;
    assert_eq!(status, 200, "{answer}");
    let joined = |name: &str| -> String {
        answer[name]["characters"].as_array().unwrap().iter().map(|c| c.as_str().unwrap()).collect()
    };
    assert_eq!(joined("alignment"), typed);
    assert_eq!(joined("normalized_alignment"), "Costs one hundred dollars at nine thirty p m.");
}

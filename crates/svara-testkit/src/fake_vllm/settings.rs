//! How the fake answers where no script says otherwise.

use super::pace::Pace;

/// The engine that the fake imitates.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The model's name; requests for another are refused.
    pub model: String,
    /// How fast tokens come.
    pub pace: Pace,
    /// How much a request is answered with, unless its `max_tokens` cut it off.
    pub length: Length,
    /// How tokens are sent.
    pub form: Form,
    /// Streams that run at once; more wait, first come first served. `None`: no limit.
    pub max_concurrency: Option<usize>,
    /// Streams that run or wait; more are refused with 503, as by vLLM's `--max-num-queued-reqs`. `None`: no limit.
    pub max_queued: Option<usize>,
}

/// How long an answer is, in frames of 85 ms.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Length {
    /// The same for every request.
    Frames(u32),
    /// This many for each token of the prompt's text, above 0.
    PerTextToken(f64),
}

/// How tokens are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Form {
    /// As vLLM: text, and ids where the request asks for them. Scripts send ids whatever the request asks for.
    Ids,
    /// Text only, with `<custom_token_N>`, as other engines with an OpenAI-compatible API.
    Text,
}

impl Default for Settings {
    /// As fast as it can, without limits.
    fn default() -> Self {
        Self {
            model: "svara".into(),
            pace: Pace::default(),
            length: Length::PerTextToken(3.0),
            form: Form::Ids,
            max_concurrency: None,
            max_queued: None,
        }
    }
}

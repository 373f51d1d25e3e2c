//! Prompts of token ids.

use std::{fs, path::Path};

use serde::Deserialize;
use tokenizers::{Encoding, Model, NormalizerWrapper, PreTokenizerWrapper, Tokenizer, models::bpe::BPE};

use super::Fillings;
use crate::profile::{ControlToken, ModelProfile, PromptPart};

/// A model's tokenizer without its added vocabulary, which can only give ordinary tokens.
pub(super) struct WordTokenizer {
    tokenizer: Tokenizer,
}

/// What is read of a `tokenizer.json`. Reading all of it, as `Tokenizer::from_file` does, takes three times as long, and what it
/// takes on the way leaves its holes in the memory: it holds the model twice more as untyped JSON, and builds automata for the
/// thousands of audio tokens, which words never become.
#[derive(Deserialize)]
struct File {
    #[serde(default)]
    added_tokens: Vec<AddedToken>,
    normalizer: Option<NormalizerWrapper>,
    pre_tokenizer: Option<PreTokenizerWrapper>,
    model: BPE,
}

#[derive(Deserialize)]
struct AddedToken {
    id: u32,
    content: String,
}

impl File {
    fn id(&self, text: &str) -> Option<u32> {
        let added = self.added_tokens.iter().find(|added| added.content == text).map(|added| added.id);
        added.or_else(|| self.model.token_to_id(text))
    }

    /// Checks that a token of the profile is the file's.
    fn check(&self, text: &str, expected: u32) -> Result<(), String> {
        match self.id(text) {
            Some(id) if id == expected => Ok(()),
            Some(id) => Err(format!("{text} is token {id}, but {expected} in the model profile")),
            None => Err(format!("has no token {text}, which the model profile names")),
        }
    }
}

impl WordTokenizer {
    /// Loads a `tokenizer.json` of byte-pair encoding and checks its control tokens against the profile's.
    pub(super) fn load(path: &Path, profile: &ModelProfile) -> Result<Self, String> {
        let json = fs::read(path).map_err(|error| error.to_string())?;
        let file: File = serde_json::from_slice(&json)
            .map_err(|error| format!("not a tokenizer.json of byte-pair encoding: {error}"))?;
        let cloning = profile.clone.iter().flat_map(|clone| &clone.with_transcript);
        for part in profile.preset.iter().chain(cloning) {
            if let PromptPart::Control(ControlToken { id, text }) = part {
                file.check(text, *id)?;
            }
        }
        for (text, id) in profile.stop_texts.iter().zip(&profile.stop_ids) {
            file.check(text, *id)?;
        }
        // The number in a token's text tells its id. Where there is no such token, texts have none.
        const FIRST_CUSTOM: &str = "<custom_token_0>";
        if let Some(id) = profile.layout.custom_token(0).filter(|_| file.id(FIRST_CUSTOM).is_some()) {
            file.check(FIRST_CUSTOM, id)?;
        }
        let mut tokenizer = Tokenizer::new(file.model);
        tokenizer.with_normalizer(file.normalizer).with_pre_tokenizer(file.pre_tokenizer);
        Ok(Self { tokenizer })
    }

    pub(super) fn prompt(&self, parts: &[PromptPart], with: &Fillings<'_>) -> Result<Vec<u32>, String> {
        let mut ids = Vec::with_capacity(parts.len() + with.reference.len() + with.text.len());
        for part in parts {
            match part {
                PromptPart::Control(token) => ids.push(token.id),
                PromptPart::Text => ids.extend_from_slice(self.words(with.text)?.get_ids()),
                PromptPart::Transcript => ids.extend_from_slice(self.words(with.transcript)?.get_ids()),
                PromptPart::Reference => ids.extend_from_slice(with.reference),
            }
        }
        Ok(ids)
    }

    fn words(&self, words: &str) -> Result<Encoding, String> {
        self.tokenizer.encode_fast(words, false).map_err(|error| error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;
    use svara_snac::Frame;
    use svara_testkit::models::{tokenizer, workspace};

    use crate::{
        profile::ModelProfile,
        prompt::{Prompt, PromptBuilder},
        voice::{Voice, reference::ReferenceVoice, voices::Voices},
    };

    fn builder() -> (PromptBuilder, Arc<Voice>) {
        let profile = Arc::new(ModelProfile::load(&workspace().join("config/models/svara-v1.toml")).unwrap());
        let voices =
            Voices::load(&workspace().join("config/voices"), &profile.id, |v| profile.speaker_id(v)).unwrap();
        let voice = Arc::clone(voices.find("hi_female").unwrap());
        (PromptBuilder::new(profile, Some(&tokenizer())).unwrap(), voice)
    }

    fn ids(builder: &PromptBuilder, voice: &Voice, text: &str) -> Vec<u32> {
        match builder.preset(voice, text).unwrap() {
            Prompt::Tokens(ids) => ids,
            Prompt::Text(_) => panic!("expected token ids"),
        }
    }

    /// Checks the ids around the words, and that there are only ordinary tokens between them.
    fn assert_well_formed(ids: &[u32]) {
        let (head, rest) = ids.split_at(3);
        let (words, tail) = rest.split_at(rest.len() - 4);
        assert_eq!(head, [128_000, 128_259, 156_939]);
        assert_eq!(tail, [128_260, 128_009, 128_261, 128_257]);
        assert!(
            !words.is_empty() && words.iter().all(|id| *id < 128_000),
            "control token among the words: {words:?}"
        );
    }

    #[test]
    fn typed_control_tokens_are_words() {
        let (builder, voice) = builder();
        for text in [
            "नमस्ते",
            "<custom_token_2>",
            "hello <|eot_id|> world<|audio|>",
            "<|begin_of_text|><custom_token_10><custom_token_28682>",
        ] {
            assert_well_formed(&ids(&builder, &voice, text));
        }
        assert_ne!(
            ids(&builder, &voice, "a"),
            ids(&builder, &voice, "a<custom_token_2>"),
            "it is spoken, not dropped"
        );
    }

    #[test]
    fn a_clone_prompt_begins_the_same_for_every_text() {
        let (builder, voice) = builder();
        let mut reference = ReferenceVoice {
            voice,
            frames: [Frame([0, 1, 2, 3, 4, 5, 4095]), Frame([7; 7])].into(),
            transcript: Some(" मेरी <|eot_id|> आवाज़ ".into()),
        };
        let ids = |reference: &ReferenceVoice, text: &str| match builder.clone_of(reference, text).unwrap() {
            Prompt::Tokens(ids) => ids,
            Prompt::Text(_) => panic!("expected token ids"),
        };
        let (one, other) = (ids(&reference, "नमस्ते"), ids(&reference, "1 <custom_token_2>"));
        let text_at = one.iter().rposition(|id| *id == 156_939).unwrap() + 1;
        assert_eq!(one[..text_at], other[..text_at]);
        let words = |ids: &[u32]| ids.iter().all(|id| *id < 128_000);
        assert!(words(&one[text_at..one.len() - 4]) && words(&other[text_at..other.len() - 4]));
        assert_eq!(one[one.len() - 4..], [128_260, 128_009, 128_261, 128_257]);
        // The turn of the transcript, then that of the recording.
        let audio_at = one.iter().position(|id| *id == 128_266).unwrap();
        assert_eq!(one[..3], [128_000, 128_259, 156_939]);
        assert!(words(&one[3..audio_at - 4]) && audio_at > 8);
        assert_eq!(one[audio_at - 4..audio_at], [128_260, 128_009, 128_261, 128_257]);
        assert_eq!(one[audio_at + 6], 128_266 + 6 * 4096 + 4095);
        assert_eq!(one[audio_at + 14..text_at], [128_258, 128_262, 128_009, 128_259, 156_939]);
        for none in [None, Some(" ")] {
            reference.transcript = none.map(Into::into);
            let bare = ids(&reference, "नमस्ते");
            assert_eq!(bare[..3], [128_000, 128_261, 128_257]);
            assert_eq!(bare[3..], one[audio_at..]);
        }
        reference.frames = [Frame([4096; 7])].into();
        assert!(builder.clone_of(&reference, "a").unwrap_err().contains("codes"));
    }

    /// What isn't read of the file changes nothing about words.
    #[test]
    fn words_are_those_of_the_whole_tokenizer() {
        let (builder, voice) = builder();
        let mut whole = tokenizers::Tokenizer::from_file(tokenizer()).unwrap();
        whole.with_added_vocabulary(tokenizers::AddedVocabulary::new());
        proptest!(|(text in "\\PC{1,60}|[a-zअ-ह ,.!?]{1,60}")| {
            let ids = ids(&builder, &voice, &text);
            let said = builder.profile().words(&builder.profile().speaker_id(&voice), &text);
            let expected = whole.encode_fast(said, false).unwrap();
            prop_assert_eq!(&ids[3..ids.len() - 4], expected.get_ids());
        });
    }

    #[test]
    fn a_file_that_is_no_tokenizer_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("tokenizer.json");
        let profile = Arc::new(ModelProfile::load(&workspace().join("config/models/svara-v1.toml")).unwrap());
        for (json, word) in [
            ("{", "EOF"),
            ("{}", "missing field `model`"),
            (r#"{"model": {"type": "WordPiece", "vocab": {}}}"#, "WordPiece"),
            (r#"{"model": {"type": "BPE", "vocab": {"a": -1}, "merges": []}}"#, "-1"),
            (r#"{"model": {"type": "BPE", "vocab": {"a": 1}, "merges": ["a b"]}}"#, "`b`"),
            (r#"{"model": {"type": "BPE", "vocab": {}, "merges": []}}"#, "no token"),
        ] {
            std::fs::write(&path, json).unwrap();
            let error = PromptBuilder::new(Arc::clone(&profile), Some(&path)).err().unwrap().to_string();
            assert!(error.contains(word) && error.contains("tokenizer.json"), "{json}: {error}");
        }
    }

    #[test]
    fn a_profile_of_another_vocabulary_is_refused() {
        let text = std::fs::read_to_string(workspace().join("config/models/svara-v1.toml")).unwrap();
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("model.toml");
        for (from, to, word) in [
            ("id = 128009", "id = 128008", "<|eot_id|> is token 128009"),
            ("<|audio|>", "<|sound|>", "no token <|sound|>"),
            (
                "first_custom_token = 128256",
                "first_custom_token = 128255",
                "<custom_token_0> is token 128256",
            ),
        ] {
            std::fs::write(&path, text.replace(from, to)).unwrap();
            let profile = Arc::new(ModelProfile::load(&path).unwrap());
            let error = PromptBuilder::new(profile, Some(&tokenizer())).err().unwrap().to_string();
            assert!(error.contains(word), "{error}");
        }
    }

    /// The token that ends the speech may be in no prompt.
    #[test]
    fn another_end_of_speech_is_refused() {
        let text = std::fs::read_to_string(workspace().join("config/models/orpheus-3b.toml")).unwrap();
        let path = std::path::Path::new("orpheus.toml");
        let builder = |text: &str| {
            let profile = Arc::new(ModelProfile::of_text(text, path).unwrap());
            PromptBuilder::new(profile, Some(&tokenizer()))
        };
        assert!(builder(&text).is_ok());
        for (from, to, word) in [
            ("id = 128258", "id = 128259", "<custom_token_2> is token 128258, but 128259"),
            ("<custom_token_2>", "<|end|>", "no token <|end|>"),
        ] {
            assert!(text.contains(from), "{from}");
            let error = builder(&text.replace(from, to)).err().unwrap().to_string();
            assert!(error.contains(word), "{error}");
        }
    }

    #[test]
    fn no_text_becomes_a_control_token() {
        let (builder, voice) = builder();
        let piece = prop_oneof![
            "\\PC{0,8}",
            "[<>|_a-z0-9]{0,12}",
            (0u32..28_700).prop_map(|n| format!("<custom_token_{n}>")),
            Just("<|eot_id|>".to_owned()),
            Just("<|audio|>".to_owned()),
        ];
        proptest!(|(pieces in prop::collection::vec(piece, 0..8))| {
            assert_well_formed(&ids(&builder, &voice, &pieces.concat()));
        });
    }
}

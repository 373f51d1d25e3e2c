//! The voices of a model, found by name.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use svara_text::{WritingSystem, quoted};

use super::{Voice, gender::Gender, language_tag::LanguageTag};

/// The voices of a model, found by any of their names.
#[derive(Clone, Debug, Default)]
pub struct Voices {
    voices: Vec<Arc<Voice>>,
    by_name: HashMap<String, Arc<Voice>>,
}

/// A name that no voice has.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown voice {}{}", quoted(voice), suggest(nearest))]
pub struct UnknownVoice {
    /// The name as given, cut to 64 characters.
    pub voice: String,
    /// Similar names, the most similar first, each followed by the voice's id if it isn't that: `alloy (hi_female)`.
    pub nearest: Vec<String>,
}

fn suggest(nearest: &[String]) -> String {
    if nearest.is_empty() { String::new() } else { format!("; did you mean {}?", nearest.join(", ")) }
}

/// The files of the voices can't be used.
#[derive(Debug, thiserror::Error)]
pub enum VoiceFileError {
    /// The directory or a file in it can't be read.
    #[error("can't read voices in {}", path.display())]
    Read {
        /// The directory or file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// A file isn't a valid list of voices. The reason names the entry.
    #[error("invalid voices in {}: {reason}", path.display())]
    Invalid {
        /// The file or directory.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
}

impl Voices {
    /// Reads all `*.yaml` and `*.yml` files of a directory and keeps the voices of `model_id`.
    ///
    /// `speaker_id` gives the speaker id of a voice, which is also one of its names.
    ///
    /// # Errors
    /// A file can't be read or isn't a list of voices, two voices share a name, or no voice belongs to the model.
    pub fn load(
        directory: &Path,
        model_id: &str,
        speaker_id: impl Fn(&Voice) -> String,
    ) -> Result<Self, VoiceFileError> {
        let read = |path: &Path, source| VoiceFileError::Read { path: path.to_owned(), source };
        let entries = std::fs::read_dir(directory).and_then(Iterator::collect::<Result<Vec<_>, _>>);
        let entries = entries.map_err(|source| read(directory, source))?;
        let mut paths: Vec<PathBuf> = entries.into_iter().map(|entry| entry.path()).collect();
        paths.retain(|path| {
            path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml")
        });
        paths.sort();
        let texts = paths.into_iter().map(|path| match std::fs::read_to_string(&path) {
            Ok(text) => Ok((text, path)),
            Err(source) => Err(read(&path, source)),
        });
        Self::of_texts(texts, directory, model_id, speaker_id)
    }

    /// Reads the voices of `model_id` from the text of a file; `path` names it in errors.
    ///
    /// # Errors
    /// As [`Voices::load`].
    pub fn of_text(
        text: &str,
        path: &Path,
        model_id: &str,
        speaker_id: impl Fn(&Voice) -> String,
    ) -> Result<Self, VoiceFileError> {
        let only = std::iter::once(Ok((text.to_owned(), path.to_owned())));
        Self::of_texts(only, path, model_id, speaker_id)
    }

    fn of_texts(
        texts: impl Iterator<Item = Result<(String, PathBuf), VoiceFileError>>,
        directory: &Path,
        model_id: &str,
        speaker_id: impl Fn(&Voice) -> String,
    ) -> Result<Self, VoiceFileError> {
        let (mut voices, mut others) = (Self::default(), 0);
        for text in texts {
            let (text, path) = text?;
            let invalid = |reason: String| VoiceFileError::Invalid { path: path.clone(), reason };
            let list: Vec<Voice> =
                serde_saphyr::from_str(&text).map_err(|error| invalid(error.to_string()))?;
            for voice in list {
                if voice.model_id == model_id {
                    let speaker_id = speaker_id(&voice);
                    voices.add(voice, &speaker_id).map_err(invalid)?;
                } else {
                    others += 1;
                }
            }
        }
        if voices.voices.is_empty() {
            let reason = format!("no voice with model_id {model_id:?} in any *.yaml or *.yml file");
            return Err(VoiceFileError::Invalid { path: directory.to_owned(), reason });
        }
        tracing::info!(voices = voices.voices.len(), of_other_models = others, model_id, "voices loaded");
        Ok(voices)
    }

    /// Finds a voice by its id, speaker id, display name or an alias, in any letter case; or by a BCP-47 tag with or
    /// without a gender (`hi-IN-female`), as [`Voices::speaking`] does.
    ///
    /// # Errors
    /// No voice has that name. The error suggests similar ones.
    pub fn find(&self, name: &str) -> Result<&Arc<Voice>, UnknownVoice> {
        let key = name.trim().to_lowercase();
        let named = self.by_name.get(&key);
        let tag = || self.of_tag(&LanguageTag::parse(&key)?);
        named.or_else(tag).ok_or_else(|| UnknownVoice { voice: short(name), nearest: self.nearest(&key) })
    }

    /// Finds the voice of a language, a BCP-47 tag such as `hi` or `hi-IN`. Without a gender, it is the first one in
    /// the files. Script and region are ignored.
    ///
    /// # Errors
    /// The tag isn't valid or names another gender, or the language has no such voice. The error suggests similar ones.
    pub fn speaking(&self, language: &str, gender: Option<Gender>) -> Result<&Arc<Voice>, UnknownVoice> {
        let tag = LanguageTag::parse(language);
        let tag = tag.filter(|tag| tag.gender.is_none() || gender.is_none() || tag.gender == gender);
        let tag = tag.map(|tag| LanguageTag { gender: gender.or(tag.gender), ..tag });
        tag.and_then(|tag| self.of_tag(&tag)).ok_or_else(|| {
            let mut voice = short(language);
            if let Some(gender) = gender {
                voice = format!("{voice}-{}", gender.name());
            }
            UnknownVoice { nearest: self.nearest(&voice.to_lowercase()), voice }
        })
    }

    /// All voices, in the order of their files.
    pub fn iter(&self) -> impl Iterator<Item = &Voice> {
        self.voices.iter().map(|voice| &**voice)
    }

    /// The voice for a text where none is named: the first one whose language is written as most of the text's letters are,
    /// of this gender if there is such a one. A text that is written in none of the voices' ways gets the first voice.
    pub fn for_text(&self, text: &str, gender: Option<Gender>) -> Option<&Voice> {
        let system = WritingSystem::of_most(text);
        let writes = |voice: &&Voice| system.is_none() || voice.writing_system() == system;
        let of_gender = |voice: &&Voice| gender.is_none() || voice.gender == gender;
        let first = self.iter().find(|voice| writes(voice) && of_gender(voice));
        first.or_else(|| self.iter().find(writes)).or_else(|| self.iter().next())
    }

    /// The number of voices. Never 0 once loaded.
    pub fn count(&self) -> usize {
        self.voices.len()
    }

    fn add(&mut self, voice: Voice, speaker_id: &str) -> Result<(), String> {
        let is_blank = |text: &String| text.trim().is_empty();
        if voice.languages.is_empty() || voice.languages.iter().any(is_blank) {
            return Err(format!("voice {:?} has no languages, or one without a code", voice.voice_id));
        }
        if is_blank(&voice.voice_id) || is_blank(&voice.name) {
            return Err(format!("voice {:?} must have a voice_id and a name", voice.voice_id));
        }
        let voice = Arc::new(voice);
        let own = [voice.voice_id.as_str(), speaker_id, voice.name.as_str()];
        for name in own.into_iter().chain(voice.aliases.iter().map(String::as_str)) {
            let name = name.trim().to_lowercase();
            match self.by_name.insert(name.clone(), Arc::clone(&voice)) {
                Some(other) if !Arc::ptr_eq(&other, &voice) => {
                    return Err(format!(
                        "voices {:?} and {:?} are both called {name:?}",
                        other.voice_id, voice.voice_id
                    ));
                }
                _ => {}
            }
        }
        self.voices.push(voice);
        Ok(())
    }

    fn of_tag(&self, tag: &LanguageTag) -> Option<&Arc<Voice>> {
        self.voices.iter().find(|voice| {
            voice.language().eq_ignore_ascii_case(&tag.language)
                && (tag.gender.is_none() || tag.gender == voice.gender)
        })
    }

    /// The names most similar to `key`, of up to three voices.
    fn nearest(&self, key: &str) -> Vec<String> {
        let key = short(key);
        let scored = |name: &'_ String| strsim::jaro_winkler(&key, &name.to_lowercase());
        let best = |voice: &'_ Arc<Voice>| {
            let id = &voice.voice_id;
            let own = [id, &voice.name];
            let names = own.into_iter().chain(&voice.aliases).map(|name| (scored(name), name));
            let (score, name) = names.max_by(|a, b| a.0.total_cmp(&b.0))?;
            let shown = if own.contains(&name) { id.clone() } else { format!("{name} ({id})") };
            Some((score, shown)).filter(|(score, _)| *score > 0.75)
        };
        let mut nearest: Vec<(f64, String)> = self.voices.iter().filter_map(best).collect();
        nearest.sort_by(|a, b| b.0.total_cmp(&a.0));
        nearest.into_iter().take(3).map(|(_, shown)| shown).collect()
    }
}

/// Cuts a name from a request to a length that an error may repeat.
fn short(name: &str) -> String {
    name.chars().take(64).collect()
}

#[cfg(test)]
mod tests {
    use svara_testkit::models::workspace;

    use super::*;
    use crate::profile::ModelProfile;

    fn voices() -> (Voices, ModelProfile) {
        let profile = ModelProfile::load(&workspace().join("config/models/svara-v1.toml")).unwrap();
        let directory = workspace().join("config/voices");
        (Voices::load(&directory, "svara-tts-v1", |voice| profile.speaker_id(voice)).unwrap(), profile)
    }

    #[test]
    fn the_38_voices_and_their_speaker_ids() {
        let (voices, profile) = voices();
        assert_eq!(voices.count(), 38);
        for (id, speaker_id) in [
            ("hi_male", "Hindi (Male)"),
            ("bh_female", "Bhojpuri (Female)"),
            ("en_male", "English (Male)"),
            ("hne_female", "Chhattisgarhi (Female)"),
        ] {
            assert_eq!(profile.speaker_id(voices.find(id).unwrap()), speaker_id);
        }
    }

    #[test]
    fn a_voice_is_found_by_each_of_its_names() {
        let (voices, _) = voices();
        for name in ["en_male", "EN_Male", "English (Male)", "English (Indian) (Male)", " english (male) "] {
            assert_eq!(voices.find(name).unwrap().voice_id, "en_male", "{name}");
        }
    }

    #[test]
    fn a_voice_is_found_by_language_and_gender() {
        let (voices, _) = voices();
        for (name, id) in [
            ("hi-IN-female", "hi_female"),
            ("hi-in-male", "hi_male"),
            ("hi-IN", "hi_male"),
            ("ta", "ta_male"),
            ("bho-IN-female", "bh_female"),
        ] {
            assert_eq!(voices.find(name).unwrap().voice_id, id, "{name}");
        }
        let female = Some(Gender::Female);
        assert_eq!(voices.speaking("pa-Guru-IN", female).unwrap().voice_id, "pa_female");
        assert!(voices.speaking("en-IN-male", female).is_err());
        let error = voices.speaking("fr-FR", female).unwrap_err();
        assert_eq!(error.voice, "fr-FR-female");
        assert!(voices.find("fr-FR").is_err());
    }

    #[test]
    fn a_text_chooses_a_voice_of_most_of_its_letters() {
        let (voices, _) = voices();
        let female = Some(Gender::Female);
        for (text, gender, id) in [
            ("OK, नमस्ते दुनिया", None, "hi_male"),
            ("OK, नमस्ते दुनिया", female, "hi_female"),
            ("hello there, नमस्ते", female, "en_female"),
            ("வணக்கம் 5", None, "ta_male"),
            ("5", female, "hi_female"),
        ] {
            assert_eq!(voices.for_text(text, gender).unwrap().voice_id, id, "{text}");
        }
        let first = voices.iter().next().unwrap();
        assert_eq!(voices.for_text("5", None).unwrap().voice_id, first.voice_id);
    }

    #[test]
    fn openais_names_are_voices_here() {
        let (voices, _) = voices();
        for name in "alloy ash ballad coral echo fable marin cedar onyx nova sage shimmer verse".split(' ') {
            assert!(voices.find(name).is_ok(), "{name}");
        }
        assert_eq!(voices.find("Alloy").unwrap().voice_id, "hi_female");
        assert_eq!(voices.find("aloy").unwrap_err().nearest.first().unwrap(), "alloy (hi_female)");
    }

    #[test]
    fn an_unknown_voice_suggests_the_nearest() {
        let (voices, _) = voices();
        let error = voices.find("hindi_female").unwrap_err();
        assert!(error.nearest.contains(&"hi_female".to_owned()), "{error}");
        assert!(error.to_string().contains("did you mean"), "{error}");
        let long = voices.find(&"x".repeat(10_000)).unwrap_err();
        assert_eq!((long.voice.len(), long.nearest.len()), (64, 0));
    }

    #[test]
    fn named_voices_of_another_model_are_a_file() {
        let profile = ModelProfile::load(&workspace().join("config/models/orpheus-3b.toml")).unwrap();
        let directory = workspace().join("config/voices");
        let voices = Voices::load(&directory, "orpheus-3b", |voice| profile.speaker_id(voice)).unwrap();
        assert_eq!(profile.speaker_id(voices.find("Tara").unwrap()), "tara");
        assert!(voices.find("hi_male").is_err(), "svara's voices belong to svara");
    }

    #[test]
    fn mistakes_in_a_file_are_named() {
        for (text, word) in [
            ("- voice_id: a\n  name: A\n  model_id: m\n  languages: [hi]\n  pitch: 1\n", "pitch"),
            ("- voice_id: a\n  name: A\n  model_id: m\n  languages: []\n", "no languages"),
            (
                "- {voice_id: a, name: A, model_id: m, languages: [hi]}\n- {voice_id: b, name: a, model_id: m, languages: [hi]}\n",
                "both called",
            ),
            (
                "- {voice_id: a, name: A, model_id: m, languages: [hi]}\n- {voice_id: b, name: B, model_id: m, languages: [hi], aliases: [A]}\n",
                "both called",
            ),
            ("- {voice_id: a, name: A, model_id: other, languages: [hi]}\n", "no voice with model_id"),
        ] {
            let directory = tempfile::tempdir().unwrap();
            std::fs::write(directory.path().join("v.yaml"), text).unwrap();
            let error =
                Voices::load(directory.path(), "m", |voice| voice.voice_id.clone()).unwrap_err().to_string();
            assert!(error.contains(word), "{error}");
        }
    }
}

//! Fields that others overrule. They have no effect, so the answer names them, as it names unknown ones.

use svara_api::reading::ignored::Ignored;
use svara_engine::Voices;

use super::Fields;
use crate::spoken::SpokenLanguage;

impl Fields {
    /// The names that a request has in vain, with those that its other fields overrule.
    #[must_use]
    pub fn name_overruled(&self, voices: &Voices, ignored: Ignored) -> Ignored {
        let recorded = self.reference_audio.as_ref().is_some_and(|audio| !audio.is_empty());
        let (tokens, saved) = (self.has_tokens(), given(self.voice_clone_id.as_ref()));
        let reference = recorded || tokens || saved;
        let named = self.voice.as_ref().or(self.voice_id.as_ref());
        let unspoken = || SpokenLanguage::named(voices, "language", self.language.as_deref()).is_err();
        let other_gender = |name: &str| {
            self.gender.is_some_and(|gender| {
                let chooses = voices.speaking(name, Some(gender)).is_ok();
                !chooses && voices.find(name).ok().and_then(|voice| voice.gender) != Some(gender)
            })
        };
        let overruled = [
            ("language", (reference || named.is_some()) && unspoken()),
            ("gender", self.gender.is_some() && reference || named.is_some_and(|name| other_gender(name))),
            ("reference_transcript", given(self.reference_transcript.as_ref()) && !reference),
            ("reference_audio", recorded && (tokens || saved)),
            ("voice_clone_id", saved && tokens),
            ("voice", reference && given(self.voice.as_ref())),
            ("voice_id", reference && given(self.voice_id.as_ref())),
        ];
        let names = overruled.into_iter().filter_map(|(name, is)| is.then_some(name));
        names.fold(ignored, |ignored, name| ignored.and(name))
    }

    /// Whether they give a voice by the id of a saved one, which tokens would overrule.
    pub(super) fn names_saved_voice(&self) -> bool {
        given(self.voice_clone_id.as_ref()) && !self.has_tokens()
    }

    fn has_tokens(&self) -> bool {
        self.voice_clone_tokens.as_ref().is_some_and(|tokens| !tokens.is_empty())
    }
}

fn given(text: Option<&String>) -> bool {
    text.is_some_and(|text| !text.trim().is_empty())
}

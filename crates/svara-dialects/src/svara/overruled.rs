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
        let given = |text: &Option<String>| text.as_ref().is_some_and(|text| !text.trim().is_empty());
        let tokens = self.voice_clone_tokens.as_ref().is_some_and(|tokens| !tokens.is_empty());
        let reference = recorded || tokens || given(&self.voice_clone_id);
        let named = self.voice.as_ref().map(|name| ("voice", name));
        let named = named.or_else(|| self.voice_id.as_ref().map(|name| ("voice_id", name)));
        let unspoken = || SpokenLanguage::named(voices, "language", self.language.as_deref()).is_err();
        let other_gender = |name: &str| {
            self.gender.is_some_and(|gender| {
                let chooses = voices.speaking(name, Some(gender)).is_ok();
                !chooses && voices.find(name).ok().and_then(|voice| voice.gender) != Some(gender)
            })
        };
        let overruled = [
            ("language", (reference || named.is_some()) && unspoken()),
            (
                "gender",
                self.gender.is_some() && reference || named.is_some_and(|(_, name)| other_gender(name)),
            ),
            ("reference_transcript", given(&self.reference_transcript) && !reference),
        ];
        let strange =
            named.filter(|(_, name)| reference && voices.find(name).is_err()).map(|(field, _)| field);
        let names = overruled.into_iter().filter_map(|(name, is)| is.then_some(name)).chain(strange);
        names.fold(ignored, |ignored, name| ignored.and(name))
    }
}

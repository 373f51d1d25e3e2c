// The voices, in an order and with names for people. No voice, however odd, may stop the page.

const english = new Intl.DisplayNames(['en'], { type: 'language', fallback: 'none' });

function nameOf(code) {
  try {
    return english.of(code);
  } catch {
    // Not a code: RangeError.
    return undefined;
  }
}

/** The language of a voice in English; "" where the voice has none. */
export function languageOf(voice) {
  const code = voice.language_code;
  if (!code) return '';
  const named = voice.category !== 'cloned' && /^(.+) \((?:fe)?male\)$/i.exec(voice.name ?? '');
  return (named && named[1]) || voice.labels?.native_language || nameOf(code) || code;
}

/** What is shown of the list that the server gives, and what is searched. `languages` is the list of languages. */
export function known(list, languages, preferred) {
  const own = new Map(languages.flatMap(({ name, aliases }) => {
    const script = (aliases ?? []).find((alias) => /[^\u0000-\u024f]/.test(alias));
    return script ? [[name, script]] : [];
  }));
  const voices = list.filter((voice) => voice?.voice_id).map((voice) => {
    const language = languageOf(voice);
    const cloned = voice.category === 'cloned';
    const gender = voice.gender ?? '';
    const name = cloned || !language ? (voice.name || voice.voice_id) : language;
    return {
      id: voice.voice_id, name, full: voice.name || voice.voice_id, language, code: voice.language_code || '', gender, cloned,
      script: cloned ? '' : (own.get(language) ?? ''),
      preview: voice.preview_url ? `v1/voices/${encodeURIComponent(voice.voice_id)}/preview` : undefined,
      search: [voice.voice_id, voice.name, language, own.get(language), gender, voice.description, ...(voice.aliases ?? [])]
        .join(' ').toLowerCase(),
    };
  });
  return voices.sort((a, b) => rank(a, preferred) - rank(b, preferred)
    || a.language.localeCompare(b.language) || gendered(a) - gendered(b) || a.name.localeCompare(b.name));
}

// One's own voices come first, then those of one's languages.
function rank(voice, preferred) {
  if (voice.cloned) return -1;
  const at = preferred.indexOf(voice.code);
  return at < 0 ? preferred.length : at;
}

const gendered = (voice) => ['female', 'male', ''].indexOf(voice.gender);

/** The voices that match all words of a query; `male` isn't part of `female` here. */
export function matching(voices, query) {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  const has = (voice, word) => (word === 'male' || word === 'female' ? voice.gender === word : voice.search.includes(word));
  return voices.filter((voice) => words.every((word) => has(voice, word)));
}

/** Pairs of code and name of the languages that the voices speak. */
export function languagesOf(voices) {
  const pairs = new Map(voices.filter(({ code, cloned }) => code && !cloned).map(({ code, language }) => [code, language]));
  return [...pairs].sort((a, b) => a[1].localeCompare(b[1]));
}

// The voices, in an order and with names for people, as cards: one is chosen, each can be heard. No voice, however odd, may stop
// the page.

import { getBlob } from './api.js';
import { $, button, el } from './dom.js';

export class Cards {
  #voices = [];
  #list;
  #onChoose;
  #told;
  #clips;

  /** `onChoose` hears of each choice, `told` wraps what may fail, `clips` plays previews. */
  constructor(list, onChoose, told, clips) {
    this.#list = list;
    this.#onChoose = onChoose;
    this.#told = told;
    this.#clips = clips;
    list.addEventListener('change', () => onChoose(this.chosen));
    $('filter').addEventListener('input', () => this.#filter());
  }

  /** Shows voices; the one with this id is chosen, otherwise the first. */
  show(voices, id) {
    this.#voices = voices;
    this.#list.replaceChildren(...voices.map((voice) => this.#card(voice)));
    this.choose(voices.some((voice) => voice.id === id) ? id : voices[0]?.id);
    this.#filter();
  }

  get chosen() {
    const id = this.#list.querySelector('input:checked')?.value;
    return this.#voices.find((voice) => voice.id === id);
  }

  choose(id) {
    const card = [...this.#list.querySelectorAll('input')].find((input) => input.value === id);
    if (!card) return;
    card.checked = true;
    const [box, list] = [card.closest('.card'), this.#list];
    list.scrollTop = box.offsetTop - list.offsetTop - list.clientHeight / 3;
    this.#onChoose(this.chosen);
  }

  #card(voice) {
    const id = `voice-${voice.id}`;
    const meta = [voice.cloned ? voice.language || 'your voice' : '', voice.gender].filter(Boolean).join(' · ');
    const card = el('div', { className: 'card' },
      el('input', { type: 'radio', name: 'voice', id, value: voice.id }),
      el('label', { for: id },
        el('span', { className: 'name', textContent: voice.name }),
        el('span', { className: 'script', textContent: voice.script, lang: voice.code }),
        el('span', { className: 'meta', textContent: meta })));
    if (voice.preview) {
      const play = button('▶', this.#told(() => this.#clips.toggle(play, () => getBlob(voice.preview))), { className: 'preview', 'aria-label': `Hear ${voice.full}` });
      card.append(play);
    }
    return card;
  }

  #filter() {
    const query = $('filter').value;
    const found = new Set(matching(this.#voices, query).map((voice) => voice.id));
    for (const card of this.#list.children) card.hidden = !found.has(card.querySelector('input').value);
    $('found').textContent = query ? `${found.size} of ${this.#voices.length} voices` : `${this.#voices.length} voices`;
  }
}

const english = new Intl.DisplayNames(['en'], { type: 'language', fallback: 'none' });

function nameOf(code) {
  try {
    return english.of(code);
  } catch {
    // Not a code: RangeError.
    return undefined;
  }
}

// The language of a voice in English; "" where the voice has none.
function languageOf(voice) {
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

// The voices that match all words of a query; `male` isn't part of `female` here.
function matching(voices, query) {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  const has = (voice, word) => (word === 'male' || word === 'female' ? voice.gender === word : voice.search.includes(word));
  return voices.filter((voice) => words.every((word) => has(voice, word)));
}

/** Pairs of code and name of the languages that the voices speak. */
export function languagesOf(voices) {
  const pairs = new Map(voices.filter(({ code, cloned }) => code && !cloned).map(({ code, language }) => [code, language]));
  return [...pairs].sort((a, b) => a[1].localeCompare(b[1]));
}

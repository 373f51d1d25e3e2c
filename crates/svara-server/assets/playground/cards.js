// The voices as cards: one is chosen, each can be heard.

import { getBlob } from './api.js';
import { $, button, el } from './dom.js';
import { matching } from './voices.js';

export class Cards {
  #voices = [];
  #list;
  #onChoose;
  #onFail;
  #audio = new Audio();
  #sounding;

  /** `onChoose` hears of each choice, `onFail` what went wrong with a preview. */
  constructor(list, onChoose, onFail) {
    this.#list = list;
    this.#onChoose = onChoose;
    this.#onFail = onFail;
    list.addEventListener('change', () => onChoose(this.chosen));
    $('filter').addEventListener('input', () => this.#filter());
    this.#audio.addEventListener('ended', () => this.quiet());
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

  /** Ends a preview. */
  quiet() {
    this.#audio.pause();
    if (this.#sounding) {
      this.#sounding.textContent = '▶';
      this.#sounding.classList.remove('busy');
    }
    this.#sounding = undefined;
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
      const play = button('▶', () => this.#preview(voice, play), { className: 'preview', 'aria-label': `Hear ${voice.full}` });
      card.append(play);
    }
    return card;
  }

  async #preview(voice, play) {
    const again = this.#sounding === play;
    this.quiet();
    if (again) return;
    this.#sounding = play;
    play.classList.add('busy');
    play.textContent = '■';
    try {
      const sound = await getBlob(voice.preview);
      if (this.#sounding !== play) return;
      URL.revokeObjectURL(this.#audio.src);
      this.#audio.src = URL.createObjectURL(sound);
      await this.#audio.play();
      play.classList.remove('busy');
    } catch (error) {
      if (this.#sounding === play) this.quiet();
      if (error.name !== 'AbortError') this.#onFail(error);
    }
  }

  #filter() {
    const query = $('filter').value;
    const found = new Set(matching(this.#voices, query).map((voice) => voice.id));
    for (const card of this.#list.children) card.hidden = !found.has(card.querySelector('input').value);
    $('found').textContent = query ? `${found.size} of ${this.#voices.length} voices` : `${this.#voices.length} voices`;
  }
}

// A | B: the same text and seed by two voices, which take turns at the same word.

import { $, button, options } from './dom.js';
import { randomSeed } from './form.js';
import { Player } from './player.js';
import { receive } from './speech.js';
import { alone, runs } from './status.js';
import { Track, animated } from './waveform.js';

/** The second of `to` at which stands what is heard at `second` of `from`: word for word, by the typed text. */
export function sameWord(from, to, second) {
  const word = from.findLast(({ start }) => start <= second);
  if (!word) return 0;
  const twin = to.findLast(({ typed_start: at }) => at <= word.typed_start);
  if (!twin) return 0;
  const part = Math.min(1, (second - word.start) / Math.max(0.01, word.end - word.start));
  return twin.start + part * (twin.end - twin.start);
}

export class Compare {
  #sides = [];
  #running;
  #at = 0;
  #context;
  #fields;
  #draw = () => {};

  /** `fields` gives the request to speak, `told` wraps what may fail. */
  constructor(context, fields, told) {
    this.#context = context;
    this.#fields = fields;
    $('compare-go').addEventListener('click', told(() => this.#go()));
    document.addEventListener('keydown', (event) => {
      const typing = event.target.matches('input:not([type="radio"], [type="range"]), textarea, select');
      const at = ['1', '2'].indexOf(event.key);
      if (at >= 0 && !typing && !$('panel-compare').hidden && !event.ctrlKey && !event.metaKey && !event.altKey) this.#switch(at);
    });
  }

  show(voices) {
    const pairs = voices.map(({ id, full }) => [id, full]);
    options($('compare-a'), pairs);
    options($('compare-b'), pairs);
    if ($('compare-b').value === $('compare-a').value) $('compare-b').selectedIndex = Math.min(1, pairs.length - 1);
  }

  stop() {
    this.#running?.abort();
    this.#running = undefined;
    for (const { player } of this.#sides) player.stop();
    this.#sides = [];
    this.#changed();
  }

  get #sounding() {
    return this.#sides.some(({ player }) => player.sounding);
  }

  #changed() {
    if (this.#sounding) alone(this);
    else runs(this, Boolean(this.#running));
    this.#draw();
  }

  async #go() {
    this.stop();
    const running = new AbortController();
    this.#running = running;
    const { reference_audio: _, reference_transcript: __, language: ___, seed = randomSeed(), ...base } = this.#fields();
    const asked = ['compare-a', 'compare-b'].map((id) => ({ ...base, seed, voice: $(id).value, response_format: 'wav' }));
    const context = this.#context();
    this.#sides = asked.map((fields, i) => {
      const track = new Track(button(`${'AB'[i]} (${i + 1})`, () => this.#switch(i), { 'aria-pressed': 'false' }));
      const player = new Player(context, () => this.#changed());
      if (i > 0) player.pause();
      track.heard = () => player.position;
      track.say('speaking…');
      return { fields, track, player, words: [], name: $(['compare-a', 'compare-b'][i]).selectedOptions[0].text };
    });
    const sides = this.#sides;
    $('compare-tracks').replaceChildren(...sides.map(({ track }) => track.element));
    this.#mark(0);
    this.#draw = animated(sides.map(({ track }) => track), () => this.#sounding || this.#running === running);
    this.#changed();
    try {
      await Promise.all(sides.map((side) => this.#speak(side, running.signal)));
      this.#running = undefined;
      this.#changed();
    } catch (error) {
      if (!running.signal.aborted) this.stop();
      throw error;
    }
  }

  async #speak(side, signal) {
    await receive(side.fields, this.#context(), signal, {
      samples: (samples, rate) => {
        side.track.push(samples, rate);
        side.player.push(samples, rate);
      },
      words: (words) => side.words.push(...words),
      seen: () => {},
    });
    side.track.finish();
    side.player.finish();
    side.track.say(`${side.name}, ${side.player.duration.toFixed(1)} s`);
  }

  #switch(at) {
    const [from, to] = [this.#sides[this.#at], this.#sides[at]];
    if (!to) return;
    if (from !== to) {
      const ended = from.player.state === 'ended';
      const second = ended ? 0 : sameWord(from.words, to.words, from.player.position);
      from.player.pause();
      to.player.seek(second);
    }
    to.player.play();
    this.#mark(at);
  }

  #mark(at) {
    this.#at = at;
    this.#sides.forEach(({ track }, i) => track.element.querySelector('button').setAttribute('aria-pressed', String(i === at)));
  }
}

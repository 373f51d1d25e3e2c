// Many listeners at once: each speech is received as a player would, and its gaps are counted. Nothing is heard.

import { explain } from './api.js';
import { $ } from './dom.js';
import { receive } from './speech.js';
import { runs } from './status.js';
import { Track, animated } from './waveform.js';

// A player's head start.
const BUFFER_S = 0.08;

/** A listener without ears: it knows when it would have run out of sound. Times are in seconds. */
export class Listener {
  #start;
  duration = 0;
  gaps = 0;
  gapSeconds = 0;

  push(seconds, now) {
    this.#start ??= now + BUFFER_S;
    const late = now - (this.#start + this.duration);
    if (late > 0) {
      this.gaps += 1;
      this.gapSeconds += late + BUFFER_S;
      this.#start += late + BUFFER_S;
    }
    this.duration += seconds;
  }

  position(now) {
    return this.#start === undefined ? 0 : Math.max(0, Math.min(this.duration, now - this.#start));
  }
}

const counted = (gaps) => `${gaps} ${gaps === 1 ? 'gap' : 'gaps'}`;
const now = () => performance.now() / 1000;

export class Load {
  #running;
  #asked;
  /** Nothing is heard of it. */
  silent = true;

  /** `asked` gives the request to speak, `told` wraps what may fail. */
  constructor(asked, told) {
    this.#asked = asked;
    $('load-go').addEventListener('click', told(() => this.#go()));
  }

  stop() {
    this.#running?.abort();
    runs(this, false);
  }

  async #go() {
    if (!$('load-count').reportValidity()) return;
    this.stop();
    const fields = { ...this.#asked(), response_format: 'pcm' };
    const running = new AbortController();
    this.#running = running;
    runs(this, true);
    const count = Number($('load-count').value);
    const listeners = Array.from({ length: count }, (_, i) => {
      const [track, listener] = [new Track(`${i + 1}`), new Listener()];
      track.heard = () => listener.position(now());
      track.say('waiting…');
      return { track, listener, seed: i };
    });
    $('load-tracks').replaceChildren(...listeners.map(({ track }) => track.element));
    $('load-sum').textContent = '';
    const start = now();
    let over = false;
    animated(listeners.map(({ track }) => track), () => !over || listeners.some(({ listener }) => listener.position(now()) < listener.duration))();
    const done = await Promise.all(listeners.map((one) => this.#listen(one, fields, running.signal)));
    over = true;
    if (running.signal.aborted) return;
    runs(this, false);
    const good = done.filter(Boolean);
    const sum = (values) => values.reduce((total, value) => total + value, 0);
    const seconds = sum(good.map((spoken) => spoken.seconds));
    const firsts = good.map((spoken) => spoken.first);
    const gaps = sum(listeners.map(({ listener }) => listener.gaps));
    $('load-sum').textContent = good.length === 0 ? 'None of them was spoken.'
      : `${good.length} of ${count} spoken: first audio after ${Math.round(Math.min(...firsts))} to ${Math.round(Math.max(...firsts))} ms, `
        + `${counted(gaps)}, ${(seconds / (now() - start)).toFixed(1)} seconds of speech made each second.`;
  }

  async #listen({ track, listener, seed }, fields, signal) {
    try {
      const spoken = await receive({ ...fields, seed }, undefined, signal, {
        samples: (samples, rate) => {
          track.push(samples, rate);
          listener.push(samples.length / rate, now());
        },
        words: () => {},
        seen: ({ first }) => track.say([first && `${Math.round(first)} ms`, listener.gaps && counted(listener.gaps)].filter(Boolean).join(', '), listener.gaps > 0),
      });
      track.finish();
      return spoken;
    } catch (error) {
      track.say(signal.aborted ? 'stopped' : explain(error).text, true);
      return undefined;
    }
  }
}

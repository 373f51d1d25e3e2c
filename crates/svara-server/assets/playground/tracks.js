// Small waveforms of speech that arrives beside others: for comparisons and for many at once.

import { el } from './dom.js';
import { Waveform } from './waveform.js';

/** A row with a name, a waveform and what is said of it. */
export class Track {
  #waveform;
  #note = el('span', { className: 'meta' });
  /** Where `draw` has the speech heard up to, in seconds. */
  heard = () => 0;

  constructor(name) {
    const canvas = el('canvas', { role: 'img', 'aria-label': `Waveform of ${name.textContent ?? name}` });
    this.element = el('li', { className: 'track' }, name, canvas, this.#note);
    this.#waveform = new Waveform(canvas);
  }

  push(samples, rate) {
    this.#waveform.push(samples, rate);
  }

  finish() {
    this.#waveform.finish();
  }

  say(text, bad = false) {
    this.#note.textContent = text;
    this.#note.classList.toggle('bad', bad);
  }

  draw() {
    this.#waveform.draw(this.heard());
  }
}

/** Draws tracks until `over` says that nothing moves any more. */
export function animate(tracks, over) {
  const frame = () => {
    for (const track of tracks) track.draw();
    if (!over()) requestAnimationFrame(frame);
  };
  frame();
}

// Draws a speech as it grows: one bar for each stretch of time, louder is taller, heard is darker and wider.

import { el, frames } from './dom.js';

// Peaks are kept at this step, and drawn as bars of the width below.
const PEAK_S = 0.02;
const BAR_PX = 5;
// The whole width is at least this long, so that the first words don't fill it.
const MIN_SPAN_S = 6;

export class Waveform {
  #canvas;
  #peaks = [];
  #peak = 0;
  #inPeak = 0;
  #complete = false;
  #position = 0;
  #from = 0;

  constructor(canvas) {
    this.#canvas = canvas;
    new ResizeObserver(() => this.draw()).observe(canvas);
  }

  clear() {
    this.#peaks = [];
    this.#peak = this.#inPeak = 0;
    this.#complete = false;
  }

  push(samples, rate) {
    const inPeak = Math.round(rate * PEAK_S);
    for (const sample of samples) {
      this.#peak = Math.max(this.#peak, Math.abs(sample));
      this.#inPeak += 1;
      if (this.#inPeak >= inPeak) {
        this.#peaks.push(this.#peak);
        this.#peak = this.#inPeak = 0;
      }
    }
  }

  finish() {
    this.#complete = true;
  }

  /** Seconds that the whole width stands for. */
  get span() {
    const there = this.#peaks.length * PEAK_S;
    if (this.#complete) return Math.max(there, PEAK_S);
    let span = MIN_SPAN_S;
    while (span < there) span *= 2;
    return span;
  }

  /** Draws it, heard up to `position`, from `from` on (both in seconds); as before, if they aren't given. */
  draw(position = this.#position, from = this.#from) {
    [this.#position, this.#from] = [position, from];
    const canvas = this.#canvas;
    const scale = devicePixelRatio || 1;
    const [width, height] = [Math.round(canvas.clientWidth * scale), Math.round(canvas.clientHeight * scale)];
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    const context = canvas.getContext('2d');
    const style = getComputedStyle(canvas);
    const [played, unheard, empty, ink] = ['heard', 'unheard', 'empty', 'ink'].map((name) => style.getPropertyValue(`--${name}`));
    context.clearRect(0, 0, width, height);
    const bars = Math.max(1, Math.floor(canvas.clientWidth / BAR_PX));
    const [step, span] = [width / bars, this.span];
    const perBar = span / PEAK_S / bars;
    const [tail, head] = [(from / span) * bars, (position / span) * bars];
    for (let i = 0; i < bars; i += 1) {
      const at = Math.floor(i * perBar);
      const there = at < this.#peaks.length;
      const peak = Math.max(0, ...this.#peaks.slice(at, Math.max(at + 1, Math.floor((i + 1) * perBar))));
      const size = Math.max(2 * scale, Math.min(1, peak * 1.15) * (height - 8 * scale));
      const heard = there && i >= tail && i < head;
      context.fillStyle = heard ? played : there ? unheard : empty;
      const thick = step * (heard ? 0.72 : 0.5);
      context.fillRect(i * step + (step - thick) / 2, (height - size) / 2, thick, size);
    }
    if (position > 0 && this.#peaks.length > 0) {
      context.fillStyle = ink;
      context.fillRect(Math.min(width - 2 * scale, head * step), 0, 2 * scale, height);
    }
  }
}

/** A speech that arrives beside others: a row with a name, a waveform and what is said of it. */
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

/** Gives what draws tracks for as long as something `moves`. */
export const animated = (tracks, moves) => frames(() => {
  for (const track of tracks) track.draw();
  return moves();
});

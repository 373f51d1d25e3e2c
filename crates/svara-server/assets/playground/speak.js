// The button Speak: from the request to the last sound.

import { ask, wholeSpeech } from './api.js';
import { $, el, options } from './dom.js';
import { randomSeed } from './form.js';
import { fileOf, save } from './clips.js';
import { alone, runs } from './status.js';

// What uncompressed sound takes: 16 bits at 24 kHz, by a third more in base64. A slower connection gets small sound.
const NEEDED = 64_000;
// Smaller answers say more about latency than about the rate.
const TELLING_BYTES = 3000;

export class Speaking {
  #form;
  #sound;
  #status;
  #history;
  #running;
  #spoken;
  /** Called where the request has changed by itself. */
  changed = () => {};

  constructor(form, sound, status, history) {
    this.#form = form;
    this.#sound = sound;
    this.#status = status;
    this.#history = history;
    $('save').addEventListener('click', () => this.#save().catch((error) => status.fail(error, () => $('save').click())));
  }

  /** Speaks what the form has. `name` is the voice's. */
  async speak(name) {
    alone(this);
    this.#forget();
    const running = new AbortController();
    try {
      const fields = this.#form.asked();
      // A seed makes it possible to have the same once more, as another file.
      fields.seed ??= randomSeed();
      this.#running = running;
      this.#status.say('Waiting for the first audio…');
      const spoken = await this.#sound.speak(fields, running.signal, (seen) => this.#figures(seen, fields));
      this.#spoken = spoken;
      this.#running = undefined;
      this.#history.add(spoken, name);
      this.#figures(spoken, fields);
      $('save').disabled = $('save-as').disabled = false;
      this.show(this.#sound.state);
      if (this.#sound.gaps > 0) await this.measure();
    } catch (error) {
      if (running.signal.aborted) return;
      this.#running = undefined;
      this.#sound.end();
      this.#status.fail(error, () => this.speak(name));
    }
  }

  /** Plays what was spoken before. */
  async replay(spoken) {
    alone(this);
    this.#forget();
    this.#spoken = spoken;
    $('save').disabled = $('save-as').disabled = false;
    this.#figures(spoken, spoken.fields);
    await this.#sound.replay(spoken);
  }

  /** Ends the speech; what has arrived stays. */
  stop() {
    const was = this.#running || this.#sound.sounding;
    this.#running?.abort();
    this.#running = undefined;
    this.#sound.end(true);
    if (was) this.#status.done('Stopped.');
  }

  /** Says what the sound is doing. */
  show(state) {
    const spoken = this.#spoken;
    if (state === 'playing') alone(this);
    else runs(this, this.#running || this.#sound.sounding);
    if (this.#running) {
      if (state === 'playing') this.#status.say('Speaking…');
      if (state === 'waiting' && this.#sound.gaps > 0) this.#status.say('The sound comes slower than it plays. Gathering more before it goes on…');
    } else if (spoken && state === 'ended') {
      const gaps = this.#sound.gaps;
      this.#status.done(`Done: ${spoken.seconds.toFixed(1)} s of speech${gaps ? `, with ${gaps} ${gaps === 1 ? 'gap' : 'gaps'}` : ''}.`);
    } else if (spoken && state) {
      this.#status.say({ playing: 'Playing…', waiting: 'Playing…', paused: 'Paused.' }[state]);
    }
  }

  /** Has sound sent small where the connection is slow now, and says so. */
  async measure() {
    const rate = await probedRate();
    if (rate >= NEEDED || this.#form.slow) return;
    this.#form.slow = true;
    $('slow').hidden = false;
    $('slow').textContent = `Your connection (${inKilobytes(rate)}) is slower than the voice (${inKilobytes(NEEDED)}), so sound now comes compressed. `
      + 'Choose “wav” under “More settings” for the full quality.';
    this.changed();
  }

  #forget() {
    this.#running?.abort();
    this.#running = this.#spoken = undefined;
    $('save').disabled = $('save-as').disabled = true;
    this.#figures({}, {});
  }

  #figures({ first, seconds, rtf, bytes, timing }, { seed }) {
    const show = (id, value, text) => { $(id).textContent = value === undefined ? '–' : text(value); };
    show('first', first, (ms) => `${Math.round(ms)} ms`);
    show('length', seconds || undefined, (s) => `${s.toFixed(2)} s`);
    show('rtf', rtf, (factor) => factor.toFixed(2));
    show('gaps', first && this.#sound.gaps, String);
    show('size', bytes || undefined, (count) => `${(count / 1024).toFixed(0)} KiB`);
    show('seed-used', seed, String);
    showTiming($('timing'), timing ? stretches(first, timing) : []);
  }

  async #save() {
    const [spoken, format] = [this.#spoken, $('save-as').value];
    const { sample_rate: _, ...fields } = spoken.fields;
    const same = format === spoken.format && !spoken.fields.sample_rate;
    save(same ? await fileOf(spoken) : await wholeSpeech({ ...fields, response_format: format }), `speech.${format}`);
  }
}

/** What a speech can be saved as. */
export const saveAs = (formats) => options($('save-as'), formats.map((name) => [name, name]));

// Where the time to the first audio went, from what the server says and the page measured: stretches in milliseconds.
function stretches(firstMs, { queue, engine, 'first-audio': audio }) {
  if (firstMs === undefined || audio === undefined) return [];
  const [atQueue, atEngine] = [Math.min(queue ?? 0, audio), Math.min(engine ?? 0, audio)];
  return [
    ['queue', atQueue, 'waiting for a free stream'],
    ['engine', Math.max(0, atEngine - atQueue), 'to the engine’s first tokens'],
    ['decoder', audio - Math.max(atQueue, atEngine), 'to the first samples'],
    ['network', Math.max(0, firstMs - audio), 'to this page and its ears'],
  ].map(([name, ms, meaning]) => ({ name, ms, meaning }));
}

// Shows them: a bar in which each is as wide as it took, and their names and times below.
function showTiming(box, parts) {
  box.hidden = parts.length === 0;
  const bar = el('div', { className: 'bar', 'aria-hidden': 'true' }, ...parts.map(({ name, ms }) => {
    const part = el('span', { className: name });
    part.style.flexGrow = String(ms);
    return part;
  }));
  box.replaceChildren(bar, el('ul', {}, ...parts.map(({ name, ms, meaning }) => el('li', { className: name, title: meaning },
    el('span', { className: 'dot' }), `${name} `, el('b', { textContent: `${Math.round(ms)} ms` })))));
}

// Bytes a second that the page's own files came with, all together; undefined if too few were loaded to tell.
function measuredRate() {
  const loaded = performance.getEntriesByType('resource').filter((entry) => entry.encodedBodySize >= TELLING_BYTES && entry.transferSize >= entry.encodedBodySize);
  if (loaded.length === 0) return undefined;
  const bytes = loaded.reduce((sum, entry) => sum + entry.encodedBodySize, 0);
  const took = Math.max(...loaded.map((entry) => entry.responseEnd)) - Math.min(...loaded.map((entry) => entry.responseStart));
  return (1000 * bytes) / Math.max(1, took);
}

/** Whether the page itself came slowly. */
export const cameSlowly = () => measuredRate() < NEEDED;

const inKilobytes = (rate) => `${Math.max(1, Math.round(rate / 1000))} kB/s`;

// Bytes a second that one of the page's files comes with now.
async function probedRate() {
  const response = await ask('playground/texts.js', { cache: 'no-store' });
  const start = performance.now();
  const bytes = (await response.arrayBuffer()).byteLength;
  return (1000 * bytes) / Math.max(1, performance.now() - start);
}

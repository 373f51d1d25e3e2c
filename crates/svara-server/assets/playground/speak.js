// The button Speak: from the request to the last sound.

import { $, options } from './dom.js';
import { randomSeed } from './form.js';
import { fileOf, save } from './history.js';
import { wholeSpeech } from './api.js';
import { NEEDED, inKilobytes, isSlow, probedRate } from './link.js';
import { showTiming, stretches } from './timing.js';

export class Speaking {
  #form;
  #sound;
  #status;
  #history;
  #running;
  #spoken;
  /** Called before anything is spoken; what it throws is told. */
  check = () => {};
  /** Called where the request has changed by itself. */
  changed = () => {};

  constructor(form, sound, status, history) {
    this.#form = form;
    this.#sound = sound;
    this.#status = status;
    this.#history = history;
    $('save').addEventListener('click', () => this.#save().catch((error) => status.fail(error, () => $('save').click())));
  }

  get busy() {
    return Boolean(this.#running);
  }

  /** Speaks what the form has. `name` is the voice's. */
  async speak(name) {
    this.#forget();
    const running = new AbortController();
    try {
      this.check();
      const fields = this.#form.fields();
      // A seed makes it possible to have the same once more, as another file.
      fields.seed ??= randomSeed();
      this.#running = running;
      this.#status.say('Waiting for the first audio…');
      $('stop').disabled = false;
      const spoken = await this.#sound.speak(fields, running.signal, (seen) => this.#figures(seen, fields));
      this.#spoken = spoken;
      this.#running = undefined;
      this.#history.add(spoken, name);
      this.#figures(spoken, fields);
      $('save').disabled = $('save-as').disabled = false;
      this.show(this.#sound.state);
      if (this.#sound.gaps > 0) await this.#learn();
    } catch (error) {
      if (running.signal.aborted) return;
      this.#running = undefined;
      this.#sound.end();
      this.#status.fail(error, () => this.speak(name));
      $('stop').disabled = true;
    }
  }

  /** Plays what was spoken before. */
  async replay(spoken) {
    this.#forget();
    this.#spoken = spoken;
    $('save').disabled = $('save-as').disabled = false;
    this.#figures(spoken, spoken.fields);
    await this.#sound.replay(spoken);
  }

  /** Ends the speech; what has arrived stays. */
  stop() {
    const was = this.busy || this.#sound.sounding;
    this.#running?.abort();
    this.#running = undefined;
    this.#sound.end(true);
    $('stop').disabled = true;
    if (was) this.#status.done('Stopped.');
  }

  /** Says what the sound is doing. */
  show(state) {
    const spoken = this.#spoken;
    $('stop').disabled = !(this.busy || state === 'playing' || state === 'waiting');
    if (this.busy) {
      if (state === 'playing') this.#status.say('Speaking…');
      if (state === 'waiting' && this.#sound.gaps > 0) this.#status.say('The sound comes slower than it plays. Gathering more before it goes on…');
    } else if (spoken && state === 'ended') {
      const gaps = this.#sound.gaps;
      this.#status.done(`Done: ${spoken.seconds.toFixed(1)} s of speech${gaps ? `, with ${gaps} ${gaps === 1 ? 'gap' : 'gaps'}` : ''}.`);
    } else if (spoken && state) {
      this.#status.say({ playing: 'Playing…', waiting: 'Playing…', paused: 'Paused.' }[state]);
    }
  }

  /** Has sound sent small where the connection is slow, and says so. */
  slow(rate) {
    if (!isSlow(rate) || this.#form.slow) return;
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

  async #learn() {
    this.slow(await probedRate());
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

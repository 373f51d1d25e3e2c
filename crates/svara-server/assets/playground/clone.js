// "Clone a voice": record or choose, listen, cut, speak with it, keep it.

import { Told, postJson } from './api.js';
import { $, once, settled } from './dom.js';
import { Recorder, base64, cut, mixed } from './reference.js';
import { alone, runs } from './status.js';
import { toRead } from './texts.js';
import { Waveform } from './waveform.js';

export class Clone {
  #recorder = new Recorder();
  #waveform = new Waveform($('take-wave'));
  #context;
  #limits = {};
  #take;
  // How often there was another recording or none: what is read meanwhile is of no use any more.
  #uses = 0;
  #onChange;

  /** `onChange` hears when there is another recording or none; `told` wraps what may fail, `clips` plays; `onKept` gets a saved voice. */
  constructor(context, onChange, told, clips, onKept) {
    this.#context = context;
    this.#onChange = onChange;
    $('record').disabled = !Recorder.possible;
    $('record').title = Recorder.possible ? '' : 'Browsers allow recording over https or on this machine only';
    $('record').addEventListener('click', told(() => this.#record()));
    $('file').addEventListener('change', told(() => {
      const file = $('file').files[0];
      return file ? this.#use(file, file.name) : this.forget();
    }));
    $('forget').addEventListener('click', () => {
      clips.stop();
      this.forget();
    });
    $('hear-take').addEventListener('click', told(() => clips.toggle($('hear-take'), () => this.#take.blob)));
    const recut = settled(told(() => this.#cut()), 150);
    for (const id of ['cut-from', 'cut-to']) $(id).addEventListener('input', () => { this.#drawn(); recut(); });
    $('language').addEventListener('change', () => this.#showText());
    $('keep').addEventListener('click', told(once(async () => onKept(await this.#keep()))));
  }

  /** What the server takes; undefined where it can't clone, and why. */
  allow(settings, demo) {
    this.#limits = settings ?? {};
    $('clone-body').hidden = !settings;
    $('clone-none').hidden = Boolean(settings);
    $('clone-none').textContent = demo ? 'The demo voice can’t be anyone else’s. With the real model, a recording of some seconds is enough.'
      : 'This server has no encoder for recordings; its operator can add one.';
    this.#showText();
  }

  /** The fields of a request in this voice; undefined if there is no recording. */
  fields() {
    if (!this.#take) return undefined;
    const { audio } = this.#take;
    return { reference_audio: audio, language: $('language').value, ...($('transcript').value && { reference_transcript: $('transcript').value }) };
  }

  /** Throws unless the recording may be used. */
  check() {
    if (this.#take && !$('consent').checked) {
      $('clone').open = true;
      $('consent').focus();
      throw new Told('Tick that the person who speaks agrees, or forget the recording.');
    }
  }

  /** Has recordings and texts in this language. */
  speaks(language) {
    $('language').value = language;
    this.#showText();
  }

  forget() {
    // Where the focus is vanishes.
    if ($('take').contains(document.activeElement)) $('file').focus();
    this.#uses += 1;
    this.#take = undefined;
    $('file').value = $('reference').textContent = '';
    $('take').hidden = true;
    $('consent').checked = false;
    this.#onChange();
  }

  /** Ends a recording, or the question whether it is allowed. */
  stop() {
    this.#recorder.stop();
  }

  async #record() {
    if (this.#recorder.busy) return this.stop();
    const show = (text, records = false) => {
      $('record').textContent = text;
      $('record').setAttribute('aria-pressed', String(records));
      $('meter').hidden = !records;
    };
    alone(this);
    show('■ Cancel');
    try {
      // What an encoder adds at the end counts, too.
      const blob = await this.#recorder.record(this.#limits.max_seconds - 0.5, (left, loudness) => {
        if ($('meter').hidden) show('■ Stop recording', true);
        $('level').value = loudness;
        $('left').textContent = `${Math.ceil(left)} s left`;
      });
      if (!$('transcript').value) $('transcript').value = toRead($('language').value);
      await this.#use(blob, 'Your recording');
    } finally {
      show('● Record');
      runs(this, false);
    }
  }

  async #use(blob, name) {
    this.#uses += 1;
    const use = this.#uses;
    const { max_bytes: most } = this.#limits;
    if (blob.size > most) throw new Told(`The recording has ${Math.ceil(blob.size / 1e6)} MB, at most ${Math.floor(most / 1e6)} are allowed.`);
    let buffer;
    try {
      buffer = await this.#context().decodeAudioData(await blob.arrayBuffer());
    } catch {
      // The server reads more kinds of files than browsers do: it can be sent, though not cut.
    }
    const audio = await base64(blob);
    if (use !== this.#uses) return;
    this.#take = { whole: blob, blob, name, buffer, audio };
    $('take').hidden = false;
    $('cut').hidden = !buffer;
    if (buffer) {
      for (const id of ['cut-from', 'cut-to']) $(id).max = buffer.duration.toFixed(2);
      [$('cut-from').value, $('cut-to').value] = [0, buffer.duration];
      this.#waveform.clear();
      this.#waveform.push(mixed(buffer), buffer.sampleRate);
      this.#waveform.finish();
    }
    this.#drawn();
    this.#onChange();
  }

  async #cut() {
    const take = this.#take;
    if (!take?.buffer) return;
    const [from, to] = [Number($('cut-from').value), Number($('cut-to').value)];
    if (to - from < 1) throw new Told('A recording needs at least one second.');
    const all = from < 0.02 && to > take.buffer.duration - 0.02;
    const blob = all ? take.whole : cut(take.buffer, from, to);
    const audio = await base64(blob);
    if (take !== this.#take) return;
    Object.assign(take, { blob, audio });
    this.#drawn();
    this.#onChange();
  }

  #drawn() {
    const { buffer, blob, name } = this.#take;
    const seconds = buffer ? Number($('cut-to').value) - Number($('cut-from').value) : undefined;
    $('reference').textContent = `${name}, ${seconds === undefined ? '' : `${Math.max(0, seconds).toFixed(1)} s, `}${(blob.size / 1024).toFixed(0)} KiB`;
    if (buffer) this.#waveform.draw(Number($('cut-to').value), Number($('cut-from').value));
  }

  async #keep() {
    this.check();
    const name = $('keep-name').value.trim();
    if (!name) {
      $('keep-name').focus();
      throw new Told('Give the voice a name.');
    }
    const { reference_audio: audio, reference_transcript: transcript, language } = this.fields();
    const gender = $('keep-gender').value || undefined;
    const kept = await postJson('v1/voices', { name, audio, transcript, language, gender, consent: true });
    this.forget();
    $('keep-name').value = '';
    return kept;
  }

  #showText() {
    $('to-read').textContent = toRead($('language').value);
    $('to-read').lang = $('language').value;
  }
}

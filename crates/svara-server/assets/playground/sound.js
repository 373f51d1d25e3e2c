// What is heard: one speech at a time, with its waveform, its words, and the buttons to move in it.

import { decoder } from './decoders.js';
import { $, clock, frames } from './dom.js';
import { Player } from './player.js';
import { receive } from './speech.js';
import { remember, remembered } from './store.js';
import { Waveform } from './waveform.js';
import { Words } from './words.js';

export class Sound {
  #context;
  #player;
  #waveform = new Waveform($('wave'));
  #words = new Words($('words'), (seconds) => this.seek(seconds));
  #onChange;
  // The player that still gets sound.
  #receiving;
  #animate = frames(() => this.draw() || this.sounding);

  /** `onChange` hears the state: waiting, playing, paused or ended; undefined: there is nothing. */
  constructor(onChange) {
    this.#onChange = onChange;
    $('play').addEventListener('click', () => this.toggle());
    $('seek').addEventListener('input', () => this.seek(Number($('seek').value)));
    $('volume').value = remembered('volume') ?? 1;
    $('volume').addEventListener('input', () => {
      remember('volume', Number($('volume').value));
      if (this.#player) this.#player.volume = Number($('volume').value);
    });
  }

  get context() {
    this.#context ??= new AudioContext();
    this.#context.resume();
    return this.#context;
  }

  get gaps() {
    return this.#player?.gaps ?? 0;
  }

  /** Speaks and plays it while it arrives; gives the whole of it. `tell` hears the figures. */
  async speak(fields, signal, tell) {
    const player = this.#begin(fields.text);
    this.#receiving = player;
    const mine = () => player === this.#receiving;
    const spoken = await receive(fields, this.context, signal, {
      samples: (samples, rate) => mine() && this.#add(samples, rate),
      words: (words) => mine() && this.#words.add(words),
      seen: (seen) => mine() && tell(seen),
    });
    if (mine()) {
      this.#finish();
      this.#receiving = undefined;
    }
    return spoken;
  }

  /** Plays what `speak` gave once more. */
  async replay({ blob, format, rate, words, fields }) {
    const player = this.#begin(fields.text);
    const again = decoder(format, rate, this.context, (samples, rate) => player === this.#player && this.#add(samples, rate));
    again.push(new Uint8Array(await blob.arrayBuffer()));
    await again.finish();
    if (player !== this.#player) return;
    this.#words.add(words);
    this.#finish();
  }

  get state() {
    return this.#player?.state;
  }

  toggle() {
    const player = this.#player;
    if (!player?.duration) return;
    if (player.sounding) {
      player.pause();
      return;
    }
    player.play();
    // Where frames are late, the next one comes when the first words are over.
    this.draw();
  }

  seek(seconds) {
    this.#words.jump();
    this.#player?.seek(seconds);
    if (this.state === 'ended' && seconds < this.#player.duration) this.#player.play();
    this.draw();
  }

  get sounding() {
    return Boolean(this.#player?.sounding);
  }

  /** No more comes: what is there can be heard, and again; silently, if it is not to go on by itself. */
  end(silently = false) {
    if (silently) this.#player?.pause();
    if (this.#player) this.#finish();
    this.#receiving = undefined;
    this.#show();
  }

  /** Gives whether words that were heard are still to be lit. */
  draw() {
    const position = this.#player?.position ?? 0;
    this.#waveform.draw(position);
    const behind = this.#words.at(position);
    const duration = this.#player?.duration ?? 0;
    $('clock').textContent = `${clock(position)} / ${clock(duration)}`;
    $('seek').max = this.#waveform.span;
    $('seek').value = position;
    $('seek').setAttribute('aria-valuetext', `${clock(position)} of ${clock(duration)}`);
    return behind;
  }

  #begin(text) {
    this.#player?.stop();
    this.#receiving = undefined;
    const player = new Player(this.context, () => player === this.#player && this.#show());
    player.volume = Number($('volume').value);
    this.#player = player;
    this.#waveform.clear();
    this.#words.begin(text);
    this.#animate();
    return player;
  }

  #add(samples, rate) {
    this.#waveform.push(samples, rate);
    this.#player.push(samples, rate);
  }

  #finish() {
    this.#waveform.finish();
    this.#player.finish();
  }

  #show() {
    const state = this.state;
    const plays = this.sounding;
    this.#animate();
    $('play').textContent = plays ? '❚❚' : '▶';
    $('play').setAttribute('aria-label', plays ? 'Pause' : 'Play');
    $('play').disabled = $('seek').disabled = !this.#player?.duration;
    this.#onChange(state);
  }
}

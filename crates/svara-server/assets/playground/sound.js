// One speech after the other: heard and seen.

import { Player } from './player.js';
import { SampleReader } from './samples.js';
import { Waveform } from './waveform.js';

// The others are containers that a browser decodes only as a whole.
const STREAMED = new Set(['wav', 'pcm']);

export class Sound {
  #context;
  #player;
  #waveform;

  constructor(canvas) {
    this.#waveform = new Waveform(canvas);
    this.draw();
  }

  /** Plays an answer of the server while it arrives; gives the whole of it. `tell` hears how it goes. */
  async receive(response, format, start, tell) {
    this.#begin();
    const samples = new SampleReader(format, Number(response.headers.get('x-sample-rate')));
    const parts = [];
    const seen = { bytes: 0, seconds: 0, gaps: 0 };
    for (const reader = response.body.getReader(); ;) {
      const { done, value } = await reader.read();
      if (done) break;
      parts.push(value);
      seen.bytes += value.length;
      if (STREAMED.has(format)) {
        const heard = samples.read(value);
        this.#add(heard, samples.rate);
        seen.seconds += heard.length / samples.rate || 0;
      }
      if (seen.seconds > 0 || !STREAMED.has(format)) seen.first ??= performance.now() - start;
      tell({ ...seen, gaps: this.#player.gaps });
    }
    const took = (performance.now() - start) / 1000;
    const blob = new Blob(parts, { type: response.headers.get('content-type') });
    if (!STREAMED.has(format)) seen.seconds = await this.#addWhole(blob);
    this.#player.finish();
    tell({ ...seen, gaps: this.#player.gaps, rtf: took / seen.seconds });
    return { blob, format, rate: samples.rate, seconds: seen.seconds };
  }

  /** Plays what `receive` gave once more. */
  async replay({ blob, format, rate }) {
    this.#begin();
    if (format === 'pcm') {
      this.#add(new SampleReader(format, rate).read(new Uint8Array(await blob.arrayBuffer())), rate);
    } else {
      await this.#addWhole(blob);
    }
    this.#player.finish();
  }

  stop() {
    this.#player?.stop();
  }

  draw() {
    this.#waveform.draw(this.#player?.heard ?? 0);
  }

  #begin() {
    this.#context ??= new AudioContext();
    this.#context.resume();
    this.stop();
    const player = new Player(this.#context);
    this.#player = player;
    this.#waveform.clear();
    const frame = () => {
      this.draw();
      if (player.sounding && player === this.#player) requestAnimationFrame(frame);
    };
    frame();
  }

  #add(samples, rate) {
    this.#player.push(samples, rate);
    this.#waveform.push(samples, rate);
  }

  async #addWhole(blob) {
    const sound = await this.#context.decodeAudioData(await blob.arrayBuffer());
    this.#add(sound.getChannelData(0), sound.sampleRate);
    return sound.duration;
  }
}

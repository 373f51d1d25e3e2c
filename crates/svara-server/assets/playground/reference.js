// A recording of a voice: from the microphone, cut to what is wanted, as base64.

import { wavFile } from './samples.js';

export const MAX_SECONDS = 30;

/** A file's bytes as base64. */
export async function base64(blob) {
  const bytes = new Uint8Array(await blob.arrayBuffer());
  let text = '';
  // In slices: the arguments of a call are limited.
  for (let at = 0; at < bytes.length; at += 0x8000) text += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  return btoa(text);
}

/** A stretch of a recording as a WAV file, in seconds. */
export function cut(buffer, start, end) {
  const rate = buffer.sampleRate;
  return wavFile(buffer.getChannelData(0).subarray(Math.round(start * rate), Math.round(end * rate)), rate);
}

/** Records until stopped, or for as long as a reference may be. */
export class Recorder {
  #recorder;
  #stream;
  #timer;
  #context;

  static get possible() {
    return Boolean(navigator.mediaDevices?.getUserMedia && window.MediaRecorder);
  }

  get recording() {
    return this.#recorder?.state === 'recording';
  }

  /** Begins to record; resolves with the recording once it is stopped. `tell` hears seconds and loudness (0 to 1). */
  async record(tell) {
    this.#stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    this.#recorder = new MediaRecorder(this.#stream);
    const parts = [];
    this.#recorder.ondataavailable = (event) => parts.push(event.data);
    const stopped = new Promise((resolve) => { this.#recorder.onstop = resolve; });
    this.#recorder.start();
    this.#timer = setTimeout(() => this.stop(), MAX_SECONDS * 1000);
    this.#watch(tell);
    await stopped;
    this.#context.close();
    return new Blob(parts, { type: this.#recorder.mimeType });
  }

  stop() {
    clearTimeout(this.#timer);
    if (this.recording) this.#recorder.stop();
    for (const track of this.#stream?.getTracks() ?? []) track.stop();
  }

  #watch(tell) {
    this.#context = new AudioContext();
    const analyser = this.#context.createAnalyser();
    this.#context.createMediaStreamSource(this.#stream).connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    const start = performance.now();
    const look = () => {
      if (!this.recording) return;
      analyser.getFloatTimeDomainData(samples);
      const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
      // −60 dB is silence here.
      tell((performance.now() - start) / 1000, Math.max(0, 1 + (10 * Math.log10(power + 1e-9)) / 60));
      requestAnimationFrame(look);
    };
    look();
  }
}

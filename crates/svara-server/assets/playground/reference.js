// A recording of a voice: from the microphone, cut to what is wanted, as base64.

import { frames } from './dom.js';
import { wavFile } from './samples.js';

/** A file's bytes as base64. */
export async function base64(blob) {
  const bytes = new Uint8Array(await blob.arrayBuffer());
  let text = '';
  // In slices: the arguments of a call are limited.
  for (let at = 0; at < bytes.length; at += 0x8000) text += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  return btoa(text);
}

/** All channels of a recording as one. */
export function mixed(buffer) {
  const channels = Array.from({ length: buffer.numberOfChannels }, (_, i) => buffer.getChannelData(i));
  return channels[0].map((_, at) => channels.reduce((sum, samples) => sum + samples[at], 0) / channels.length);
}

/** A stretch of a recording as a WAV file, in seconds. */
export function cut(buffer, start, end) {
  const rate = buffer.sampleRate;
  return wavFile(mixed(buffer).subarray(Math.round(start * rate), Math.round(end * rate)), rate);
}

/** Records from the microphone, once at a time. */
export class Recorder {
  #ending;

  static get possible() {
    return Boolean(navigator.mediaDevices?.getUserMedia && window.MediaRecorder);
  }

  /** Whether it records, or waits to be allowed to. */
  get busy() {
    return Boolean(this.#ending);
  }

  /** Resolves with the recording once it is stopped, or lasts so many seconds. `tell` hears those left, and the loudness (0 to 1). */
  async record(seconds, tell) {
    this.stop();
    const ending = new AbortController();
    this.#ending = ending;
    let [stream, context, timer] = [];
    try {
      stream = await microphone(ending.signal);
      const recorder = new MediaRecorder(stream);
      const parts = [];
      recorder.ondataavailable = (event) => parts.push(event.data);
      const stopped = new Promise((resolve) => { recorder.onstop = resolve; });
      recorder.start();
      ending.signal.onabort = () => recorder.stop();
      timer = setTimeout(() => ending.abort(), seconds * 1000);
      context = new AudioContext();
      const end = performance.now() + seconds * 1000;
      watch(context, stream, (loudness) => tell((end - performance.now()) / 1000, loudness));
      await stopped;
      return new Blob(parts, { type: recorder.mimeType });
    } finally {
      clearTimeout(timer);
      release(stream);
      context?.close();
      if (this.#ending === ending) this.#ending = undefined;
    }
  }

  stop() {
    this.#ending?.abort();
  }
}

const release = (stream) => stream?.getTracks().forEach((track) => track.stop());

// The browser asks its user, who may answer when nobody waits for it any more.
function microphone(signal) {
  const asked = navigator.mediaDevices.getUserMedia({ audio: true });
  asked.then((stream) => signal.aborted && release(stream), () => {});
  return Promise.race([asked, new Promise((_, reject) => { signal.onabort = () => reject(signal.reason); })]);
}

function watch(context, stream, tell) {
  const analyser = context.createAnalyser();
  context.createMediaStreamSource(stream).connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  frames(() => {
    if (!stream.active) return false;
    analyser.getFloatTimeDomainData(samples);
    const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
    // −60 dB is silence here.
    tell(Math.max(0, 1 + (10 * Math.log10(power + 1e-9)) / 60));
    return true;
  })();
}

// A recording of a voice to be cloned: from a file or the microphone.

const MAX_SECONDS = 30;

/** A file's bytes as base64. */
export async function base64(blob) {
  const bytes = new Uint8Array(await blob.arrayBuffer());
  let text = '';
  // In slices: the arguments of a call are limited.
  for (let at = 0; at < bytes.length; at += 0x8000) text += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  return btoa(text);
}

/** Records until stopped, or for as long as a reference may be. */
export class Recorder {
  #recorder;
  #stream;
  #timer;

  static get possible() {
    return Boolean(navigator.mediaDevices?.getUserMedia && window.MediaRecorder);
  }

  get recording() {
    return this.#recorder?.state === 'recording';
  }

  /** Begins to record; resolves with the recording once it is stopped. */
  async record(onStart) {
    this.#stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    this.#recorder = new MediaRecorder(this.#stream);
    const parts = [];
    this.#recorder.ondataavailable = (event) => parts.push(event.data);
    const stopped = new Promise((resolve) => { this.#recorder.onstop = resolve; });
    this.#recorder.start();
    this.#timer = setTimeout(() => this.stop(), MAX_SECONDS * 1000);
    onStart();
    await stopped;
    return new Blob(parts, { type: this.#recorder.mimeType });
  }

  stop() {
    clearTimeout(this.#timer);
    if (this.recording) this.#recorder.stop();
    for (const track of this.#stream?.getTracks() ?? []) track.stop();
  }
}

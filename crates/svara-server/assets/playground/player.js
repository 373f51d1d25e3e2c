// Plays samples while they arrive, through Web Audio.

// Head start of the first chunk: covers the jitter of the network.
const START_BUFFER_S = 0.08;

/** Plays one speech; make a new one for each. */
export class Player {
  #context;
  #next = 0;
  #first = 0;
  #playing = new Set();
  #complete = false;
  /** Times the sound ran out while it was still being made. */
  gaps = 0;

  constructor(context) {
    this.#context = context;
  }

  /** Plays samples after all that came before. */
  push(samples, rate) {
    if (samples.length === 0) return;
    const buffer = this.#context.createBuffer(1, samples.length, rate);
    buffer.copyToChannel(samples, 0);
    const source = this.#context.createBufferSource();
    source.buffer = buffer;
    source.connect(this.#context.destination);
    const now = this.#context.currentTime;
    if (this.#next === 0) {
      this.#next = this.#first = now + START_BUFFER_S;
    } else if (this.#next < now) {
      this.gaps += 1;
      this.#next = now + START_BUFFER_S;
    }
    source.start(this.#next);
    this.#next += buffer.duration;
    this.#playing.add(source);
    source.onended = () => this.#playing.delete(source);
  }

  /** Says that no more samples come. */
  finish() {
    this.#complete = true;
  }

  /** Silence at once. */
  stop() {
    this.finish();
    for (const source of this.#playing) source.stop();
    this.#playing.clear();
  }

  /** Whether there is, or may come, something to be heard. */
  get sounding() {
    return !this.#complete || this.#playing.size > 0;
  }

  /** Seconds since the first sample was heard. */
  get heard() {
    return this.#first === 0 ? 0 : Math.max(0, this.#context.currentTime - this.#first);
  }
}

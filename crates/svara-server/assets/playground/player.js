// Plays samples while they arrive, through Web Audio. Everything stays, so that one can go back.

// Head start of the first chunk: covers the jitter of the network.
const START_BUFFER_S = 0.08;
// After a gap, more is gathered before it goes on, up to this.
const MOST_BUFFER_S = 6;

/** Plays one speech; make a new one for each. It is heard as soon as there is something to hear, unless paused. */
export class Player {
  #context;
  #out;
  #onChange;
  #chunks = [];
  #sources = new Set();
  #complete = false;
  #paused = false;
  // Where in the speech playing began, and when by the context's clock; null: it waits for more.
  #from = 0;
  #since = null;
  #buffer_s = START_BUFFER_S;
  #end;
  /** Seconds that have arrived. */
  duration = 0;
  /** Times the sound ran out while it was still being made. */
  gaps = 0;

  /** `onChange` hears each change between waiting, playing, paused and ended. */
  constructor(context, onChange = () => {}) {
    this.#context = context;
    this.#onChange = onChange;
    this.#out = context.createGain();
    this.#out.connect(context.destination);
  }

  set volume(value) {
    this.#out.gain.value = value;
  }

  /** Plays samples after all that came before. */
  push(samples, rate) {
    if (samples.length === 0) return;
    const buffer = this.#context.createBuffer(1, samples.length, rate);
    buffer.copyToChannel(samples, 0);
    const chunk = { buffer, start: this.duration };
    this.#chunks.push(chunk);
    this.duration += buffer.duration;
    if (this.#since !== null && this.position >= chunk.start) this.#ranOut();
    if (this.#since !== null) this.#schedule(chunk);
    else this.#goOn();
  }

  /** Says that no more samples come. */
  finish() {
    this.#complete = true;
    this.#goOn();
    this.#watchEnd();
  }

  get position() {
    if (this.#since === null) return this.#from;
    return Math.min(this.duration, Math.max(this.#from, this.#from + this.#context.currentTime - this.#since));
  }

  get state() {
    if (this.#complete && this.position >= this.duration) return 'ended';
    if (this.#paused) return 'paused';
    return this.#since === null ? 'waiting' : 'playing';
  }

  /** Whether there is, or may come, something to be heard. */
  get sounding() {
    return this.state === 'playing' || this.state === 'waiting';
  }

  pause() {
    this.#halt();
    this.#paused = true;
    this.#onChange();
  }

  play() {
    const ended = this.state === 'ended';
    this.#halt();
    if (ended) this.#from = 0;
    this.#paused = false;
    this.#goOn(true);
  }

  /** Goes to a second of the speech, and plays from there unless it is paused. */
  seek(seconds) {
    this.#halt();
    this.#from = Math.max(0, Math.min(seconds, this.duration));
    this.#goOn(true);
  }

  /** Silence at once; nothing more is played. */
  stop() {
    this.#complete = true;
    this.pause();
    this.#out.disconnect();
  }

  #ranOut() {
    this.gaps += 1;
    this.#halt();
    this.#buffer_s = Math.min(MOST_BUFFER_S, Math.max(0.3, this.#buffer_s * 2));
    this.#onChange();
  }

  // Begins to play what is there, if it is enough.
  #goOn(asked = false) {
    // A phone's call or lock may have halted it.
    if (asked) this.#context.resume();
    const there = this.duration - this.#from;
    const enough = this.gaps === 0 || asked || this.#complete || there >= this.#buffer_s;
    if (this.#paused || this.#since !== null || there <= 0 || !enough) return this.#onChange();
    this.#since = this.#context.currentTime + START_BUFFER_S;
    for (const chunk of this.#chunks) this.#schedule(chunk);
    this.#watchEnd();
    this.#onChange();
  }

  #schedule(chunk) {
    const skip = Math.max(0, this.#from - chunk.start);
    if (skip >= chunk.buffer.duration) return;
    const source = this.#context.createBufferSource();
    source.buffer = chunk.buffer;
    source.connect(this.#out);
    source.start(this.#since + chunk.start + skip - this.#from, skip);
    this.#sources.add(source);
    source.onended = () => this.#sources.delete(source);
  }

  #halt() {
    this.#from = this.position;
    this.#since = null;
    clearTimeout(this.#end);
    for (const source of this.#sources) source.stop();
    this.#sources.clear();
  }

  #watchEnd() {
    clearTimeout(this.#end);
    if (!this.#complete || this.#since === null) return;
    // Timers and the audio clock drift: look again until it is over.
    const left = this.duration - this.position + Math.max(0, this.#since - this.#context.currentTime);
    this.#end = setTimeout(() => (this.state === 'ended' ? this.#onChange() : this.#watchEnd()), 1000 * left + 20);
  }
}

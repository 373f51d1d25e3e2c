// Turns a stream of bytes into samples while it arrives: s16le mono, with or without a WAV header.

/** Where the samples of a WAV file begin, and its rate; undefined while too little has arrived. */
export function wavHeader(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 12;
  let rate;
  while (at + 8 <= bytes.length) {
    const name = String.fromCharCode(...bytes.subarray(at, at + 4));
    if (name === 'data') return { start: at + 8, rate };
    if (name === 'fmt ' && at + 16 <= bytes.length) rate = view.getUint32(at + 12, true);
    at += 8 + view.getUint32(at + 4, true);
  }
  return undefined;
}

/** Takes bytes as they come and gives whole samples from −1 to 1. */
export class SampleReader {
  #rest = new Uint8Array(0);
  #inHeader;
  /** Of what is read; known once the header is there. */
  rate;

  constructor(format, rate) {
    this.#inHeader = format === 'wav';
    this.rate = rate;
  }

  read(chunk) {
    let bytes = new Uint8Array(this.#rest.length + chunk.length);
    bytes.set(this.#rest);
    bytes.set(chunk, this.#rest.length);
    if (this.#inHeader) {
      const header = wavHeader(bytes);
      if (!header) {
        this.#rest = bytes;
        return new Float32Array(0);
      }
      this.#inHeader = false;
      this.rate = header.rate ?? this.rate;
      bytes = bytes.slice(header.start);
    }
    const count = bytes.length >> 1;
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    const samples = Float32Array.from({ length: count }, (_, i) => view.getInt16(2 * i, true) / 32768);
    this.#rest = bytes.slice(2 * count);
    return samples;
  }
}

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

export function joined(first, second) {
  const bytes = new Uint8Array(first.length + second.length);
  bytes.set(first);
  bytes.set(second, first.length);
  return bytes;
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
    let bytes = joined(this.#rest, chunk);
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

/** A streamed WAV file with its sizes filled in, which are open until its end. */
export function closedWav(bytes) {
  const header = wavHeader(bytes);
  if (!header) return bytes;
  const closed = bytes.slice();
  const view = new DataView(closed.buffer);
  view.setUint32(4, closed.length - 8, true);
  view.setUint32(header.start - 4, closed.length - header.start, true);
  return closed;
}

/** Samples as a WAV file, 16 bits, mono. */
export function wavFile(samples, rate) {
  const view = new DataView(new ArrayBuffer(44 + 2 * samples.length));
  const text = (at, letters) => [...letters].forEach((letter, i) => view.setUint8(at + i, letter.charCodeAt(0)));
  text(0, 'RIFF');
  view.setUint32(4, 36 + 2 * samples.length, true);
  text(8, 'WAVEfmt ');
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, rate, true);
  view.setUint32(28, 2 * rate, true);
  view.setUint16(32, 2, true);
  view.setUint16(34, 16, true);
  text(36, 'data');
  view.setUint32(40, 2 * samples.length, true);
  samples.forEach((sample, i) => view.setInt16(44 + 2 * i, Math.max(-1, Math.min(1, sample)) * 32767, true));
  return new Blob([view], { type: 'audio/wav' });
}

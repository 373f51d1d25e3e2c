// Files in, samples out: while they arrive where the browser can, otherwise once they are complete.

import { SampleReader, joined } from './samples.js';

const OPUS_RATE = 48000;
// How each page of Ogg begins.
const OGG = [0x4f, 0x67, 0x67, 0x53];
// 20 ms, in microseconds: what an encoder puts into a packet by default. Only the order counts here.
const PACKET_US = 20_000;

/** Whether the browser plays Opus while it arrives (WebCodecs; over https or on this machine only). */
export const streamsOpus = () => 'AudioDecoder' in window;

/** A decoder for a format; `give` gets samples and their rate. It has `push(bytes)` and `finish()`, which waits. */
export function decoder(format, rate, context, give) {
  if (format === 'wav' || format === 'pcm') return new Plain(format, rate, give);
  if (format === 'opus' && streamsOpus()) return new Opus(give);
  return new Whole(context, give);
}

class Plain {
  #reader;
  #give;

  constructor(format, rate, give) {
    this.#reader = new SampleReader(format, rate);
    this.#give = give;
  }

  push(bytes) {
    const samples = this.#reader.read(bytes);
    if (samples.length) this.#give(samples, this.#reader.rate);
  }

  finish() {}
}

class Opus {
  #ogg = new OggReader();
  #packets = 0;
  #skip = 0;
  #decoder;
  #failed;

  constructor(give) {
    this.#decoder = new AudioDecoder({
      error: (error) => { this.#failed = error; },
      output: (data) => {
        const samples = new Float32Array(data.numberOfFrames);
        data.copyTo(samples, { planeIndex: 0, format: 'f32-planar' });
        const drop = Math.min(samples.length, Math.round((this.#skip * data.sampleRate) / OPUS_RATE));
        this.#skip -= Math.round((drop * OPUS_RATE) / data.sampleRate);
        if (drop < samples.length) give(samples.subarray(drop), data.sampleRate);
        data.close();
      },
    });
    this.#decoder.configure({ codec: 'opus', sampleRate: OPUS_RATE, numberOfChannels: 1 });
  }

  push(bytes) {
    if (this.#failed) throw this.#failed;
    for (const packet of this.#ogg.read(bytes)) {
      const number = this.#packets;
      this.#packets += 1;
      if (number === 0) this.#skip = preSkip(packet);
      // The second packet has comments.
      if (number < 2) continue;
      this.#decoder.decode(new EncodedAudioChunk({ type: 'key', timestamp: (number - 2) * PACKET_US, data: packet }));
    }
  }

  async finish() {
    await this.#decoder.flush();
    this.#decoder.close();
    if (this.#failed) throw this.#failed;
  }
}

class Whole {
  #parts = [];
  #context;
  #give;

  constructor(context, give) {
    this.#context = context;
    this.#give = give;
  }

  push(bytes) {
    this.#parts.push(bytes);
  }

  async finish() {
    if (!this.#parts.length) return;
    const sound = await this.#context.decodeAudioData(await new Blob(this.#parts).arrayBuffer());
    this.#give(sound.getChannelData(0), sound.sampleRate);
  }
}

// Ogg pages to the packets of one logical stream, as they arrive (RFC 3533, RFC 7845).
class OggReader {
  #bytes = new Uint8Array(0);
  #part = [];

  read(chunk) {
    const bytes = joined(this.#bytes, chunk);
    const packets = [];
    let at = 0;
    while (bytes.length >= at + 27) {
      if (OGG.some((byte, i) => bytes[at + i] !== byte)) throw new Error('not an Ogg page');
      const body = at + 27 + bytes[at + 26];
      if (bytes.length < body) break;
      const lengths = bytes.subarray(at + 27, body);
      const end = body + lengths.reduce((sum, length) => sum + length, 0);
      if (bytes.length < end) break;
      this.#page(bytes, body, lengths, packets);
      at = end;
    }
    this.#bytes = bytes.slice(at);
    return packets;
  }

  // A packet is as many segments as have 255 bytes, and one that has fewer; it may go on in the next page.
  #page(bytes, body, lengths, packets) {
    let at = body;
    for (const length of lengths) {
      this.#part.push(...bytes.subarray(at, at + length));
      at += length;
      if (length < 255) {
        packets.push(Uint8Array.from(this.#part));
        this.#part = [];
      }
    }
  }
}

// Samples at 48 kHz to drop at the start, from the first packet of a stream.
function preSkip(head) {
  return new DataView(head.buffer, head.byteOffset).getUint16(10, true);
}

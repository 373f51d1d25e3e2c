// Ogg pages to Opus packets, as they arrive (RFC 3533, RFC 7845).

const CAPTURE = [0x4f, 0x67, 0x67, 0x53];

/** Takes bytes as they come and gives whole packets of one logical stream. */
export class OggReader {
  #bytes = new Uint8Array(0);
  #part = [];

  read(chunk) {
    const bytes = new Uint8Array(this.#bytes.length + chunk.length);
    bytes.set(this.#bytes);
    bytes.set(chunk, this.#bytes.length);
    const packets = [];
    let at = 0;
    while (bytes.length >= at + 27) {
      if (CAPTURE.some((byte, i) => bytes[at + i] !== byte)) throw new Error('not an Ogg page');
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

/** Samples at 48 kHz to drop at the start, from the first packet of a stream. */
export function preSkip(head) {
  return new DataView(head.buffer, head.byteOffset).getUint16(10, true);
}

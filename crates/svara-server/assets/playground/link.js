// Whether the connection is fast enough for the voice.

// What uncompressed sound takes: 16 bits at 24 kHz, by a third more in base64.
export const NEEDED = 64_000;
// Smaller answers say more about latency than about the rate.
const TELLING_BYTES = 3000;

/** Bytes a second that the page's own files came with, all together; undefined if too few were loaded to tell. */
export function measuredRate(entries = performance.getEntriesByType('resource')) {
  const loaded = entries.filter((entry) => entry.encodedBodySize >= TELLING_BYTES && entry.transferSize >= entry.encodedBodySize);
  if (loaded.length === 0) return undefined;
  const bytes = loaded.reduce((sum, entry) => sum + entry.encodedBodySize, 0);
  const took = Math.max(...loaded.map((entry) => entry.responseEnd)) - Math.min(...loaded.map((entry) => entry.responseStart));
  return (1000 * bytes) / Math.max(1, took);
}

/** Whether sound should be sent small. */
export const isSlow = (rate) => rate !== undefined && rate < NEEDED;

export const inKilobytes = (rate) => `${Math.max(1, Math.round(rate / 1000))} kB/s`;

/** Bytes a second that one of the page's files comes with now. */
export async function probedRate() {
  const response = await fetch('playground/texts.js', { cache: 'no-store' });
  const start = performance.now();
  const bytes = (await response.arrayBuffer()).byteLength;
  return (1000 * bytes) / Math.max(1, performance.now() - start);
}

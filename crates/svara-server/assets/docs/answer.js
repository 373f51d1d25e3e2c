// What the server answered: heard, if it is sound, and read.

import { el } from '../playground/dom.js';

// More is cut off on the page: base64 of whole files, say.
const SHOWN_CHARACTERS = 20_000;
const SHOWN_STRING = 120;

/** Sends a request and shows its answer in `box`; `note` says how it went. */
export async function send({ method, url, body, type }, key, box, note) {
  box.replaceChildren();
  note.textContent = 'sent…';
  note.classList.remove('bad');
  const headers = { ...(key && { authorization: `Bearer ${key}` }), ...(body !== undefined && { 'content-type': type }) };
  const start = performance.now();
  try {
    const response = await fetch(url, { method, headers, body });
    const first = performance.now() - start;
    const blob = await response.blob();
    const took = performance.now() - start;
    note.textContent = `${response.status} ${response.statusText}, ${size(blob.size)}, first byte after ${Math.round(first)} ms, all after ${Math.round(took)} ms`;
    note.classList.toggle('bad', !response.ok);
    box.replaceChildren(...await shown(blob, response), headersOf(response));
  } catch (error) {
    note.textContent = error instanceof TypeError ? 'The server doesn’t answer. It may be down, or this device offline.' : String(error.message ?? error);
    note.classList.add('bad');
  }
}

const size = (bytes) => (bytes < 2048 ? `${bytes} bytes` : `${(bytes / 1024).toFixed(0)} KiB`);

async function shown(blob, response) {
  const type = response.headers.get('content-type') ?? '';
  if (type.startsWith('audio/')) return [el('audio', { controls: true, autoplay: true, src: URL.createObjectURL(blob) })];
  const text = await blob.text();
  if (!text) return [];
  return [el('pre', { textContent: pretty(text, type).slice(0, SHOWN_CHARACTERS), tabIndex: 0, 'aria-label': 'The answer' })];
}

function pretty(text, type) {
  const short = (_, value) => (typeof value === 'string' && value.length > SHOWN_STRING ? `${value.slice(0, SHOWN_STRING)}… (${value.length} characters)` : value);
  try {
    if (type.includes('ndjson')) return text.trim().split('\n').map((line) => JSON.stringify(JSON.parse(line), short)).join('\n');
    if (type.includes('json')) return JSON.stringify(JSON.parse(text), short, 2);
  } catch {
    // Shown as it came.
  }
  return text;
}

function headersOf(response) {
  const lines = [...response.headers].map(([name, value]) => `${name}: ${value}`).join('\n');
  return el('details', {}, el('summary', { textContent: 'Headers' }), el('pre', { textContent: lines, tabIndex: 0, 'aria-label': 'Headers' }));
}

// One request for speech: sent, received, and handed on while it arrives.

import { gone, lost, requestSpeech } from './api.js';
import { decoder } from './decoders.js';

// Milliseconds by name, from a `Server-Timing` header.
function serverTiming(header) {
  const parts = (header ?? '').matchAll(/([\w-]+);dur=([\d.]+)/g);
  return Object.fromEntries([...parts].map(([, name, ms]) => [name, Number(ms)]));
}

/**
 * Speaks `fields`. `hear` has `samples(samples, rate)`, `words(words)` and `seen(figures)`, called while the answer
 * arrives; figures are milliseconds to the first audio, seconds, bytes and the times that the server measured.
 * Gives the whole: the file and its figures.
 */
export async function receive(fields, context, signal, hear) {
  const start = performance.now();
  const seen = { bytes: 0, seconds: 0, words: [] };
  const response = await requestSpeech({ ...fields, timestamps: 'word' }, signal);
  seen.timing = serverTiming(response.headers.get('server-timing'));
  const rate = Number(response.headers.get('x-sample-rate'));
  const decode = decoder(fields.response_format, rate, context, (samples, rate) => {
    seen.first ??= performance.now() - start;
    seen.seconds += samples.length / rate;
    hear.samples(samples, rate);
  });
  const parts = [];
  let [type, finished] = ['', false];
  for await (const line of lines(response.body)) {
    seen.bytes += line.arrived;
    type = line.content_type ?? type;
    finished ||= 'finish_reason' in line;
    if (line.audio_base64) {
      const bytes = bytesOf(line.audio_base64);
      parts.push(bytes);
      decode.push(bytes);
    }
    if (line.words?.length) {
      seen.words.push(...line.words);
      hear.words(line.words);
    }
    hear.seen(seen);
  }
  // A proxy may end a body that the server didn't.
  if (!finished) throw gone(true);
  await decode.finish();
  // Decoding a whole file can't be ended.
  signal.throwIfAborted();
  seen.took = performance.now() - start;
  seen.rtf = seen.took / 1000 / seen.seconds;
  hear.seen(seen);
  return { ...seen, fields, rate, blob: new Blob(parts, { type }), format: fields.response_format };
}

const bytesOf = (base64) => Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));

// The objects of a body, one a line, each as soon as its line is complete; with the bytes that arrived since the last one.
async function* lines(body) {
  const text = new TextDecoder();
  let rest = '';
  let arrived = 0;
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read().catch(lost(true));
      if (done) return;
      arrived += value.length;
      const parts = (rest + text.decode(value, { stream: true })).split('\n');
      rest = parts.pop();
      for (const part of parts) {
        if (!part.trim()) continue;
        yield { ...JSON.parse(part), arrived };
        arrived = 0;
      }
    }
  } finally {
    // Where what came couldn't be used, the server needn't send the rest.
    reader.cancel().catch(() => {});
  }
}

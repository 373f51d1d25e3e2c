// What the page asks the server, and what went wrong, in words for whoever uses the page. Paths are relative, so that it works
// behind a prefix, too.

import { remembered } from './store.js';

let key = remembered('key') ?? '';

/** The API key of all further requests. */
export function useKey(value) {
  key = value;
}

export const currentKey = () => key;

/** An answer, if it is a success; throws what `explain` has words for. */
export async function ask(path, init = {}) {
  const headers = { ...init.headers, ...(key && { authorization: `Bearer ${key}` }) };
  const response = await fetch(path, { ...init, headers }).catch(lost());
  if (!response.ok) throw new ApiError(response, await response.text());
  return response;
}

const posted = (fields, signal) => ({
  method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(fields), signal,
});

const json = async (asked) => (await asked).json().catch(lost());
const blob = async (asked) => (await asked).blob().catch(lost());

export const getJson = (path) => json(ask(path));
export const getBlob = (path) => blob(ask(path));
export const remove = (path) => ask(path, { method: 'DELETE' });
export const postJson = (path, fields, signal) => json(ask(path, posted(fields, signal)));

/** The server's health: its body says why, also where the status is no success. */
export const getHealth = async () => (await fetch('health', { signal: AbortSignal.timeout(8000) })).json();

/** Asks for speech; resolves once the headers are there. */
export const requestSpeech = (fields, signal) => ask('v1/text-to-speech', posted(fields, signal));

/** The whole file of a speech. */
export const wholeSpeech = (fields) => blob(requestSpeech({ ...fields, stream: false }));

/** A socket for text that comes word by word; browsers can set no headers, so the key is in the address. */
export function speechSocket(parameters) {
  const url = new URL('v1/audio/speech/stream-input', location.href);
  url.protocol = url.protocol.replace('http', 'ws');
  url.search = new URLSearchParams({ ...parameters, ...(key && { 'xi-api-key': key }) });
  url.hash = '';
  const socket = new WebSocket(url);
  socket.binaryType = 'arraybuffer';
  return socket;
}

// An answer that is no success, with what the server said about it.
class ApiError extends Error {
  constructor(response, text) {
    let [said, error] = [undefined, {}];
    try {
      const body = JSON.parse(text);
      said = typeof body.detail === 'string' ? body.detail : body.detail?.message;
      error = body.error ?? {};
    } catch {
      // Not ours: a proxy's page, say.
    }
    super(said ?? `The server answered ${response.status} ${response.statusText} ${text.slice(0, 200)}`.trim());
    this.status = response.status;
    this.type = error.type;
    this.retryable = error.retryable ?? [429, 502, 503, 504].includes(response.status);
    const after = Number(response.headers.get('retry-after'));
    this.afterS = Number.isFinite(after) && after > 0 ? after : undefined;
  }
}

/** A sentence for the user; it needs no translation. */
export class Told extends Error {
  retry = false;
}

/** The server doesn't answer, or no longer. */
export const gone = (began) => Object.assign(new Told(began
  ? 'The speech broke off: the server or the connection failed.'
  : 'The server doesn’t answer. It may be down, or this device offline.'), { retry: true });

/** Has words for a connection that failed: browsers have others each, but always this type. */
export const lost = (began) => (error) => { throw error instanceof TypeError ? gone(began) : error; };

const KEYS = {
  missing_api_key: 'This server wants an API key. Enter it under “API key”.',
  invalid_api_key: 'The server doesn’t know this key. Check it under “API key”.',
};

const BUSY = {
  server_full: 'The server is speaking for as many listeners as it can.',
  engine_busy: 'The engine has too much to do.',
  engine_unreachable: 'The server can’t reach its engine.',
  server_stopping: 'The server is being restarted.',
  rate_limit_exceeded: 'That were too many requests for this key.',
  too_many_concurrent_requests: 'This key speaks as often at once as it may.',
};

const BROWSER = {
  NotFoundError: 'No microphone found. Connect one, or choose a file instead.',
  NotAllowedError: 'The browser doesn’t let this page use the microphone. Allow it next to the address, or choose a file instead.',
  NotReadableError: 'Another program uses the microphone. Close it, or choose a file instead.',
  EncodingError: 'The browser can’t play this sound. Choose another format or file.',
  QuotaExceededError: 'The browser has no room to keep this.',
};

/** What to tell of a failure: words, whether to try again, after how many seconds, whether a key is missing. */
export function explain(error) {
  if (error instanceof ApiError) {
    const key = error.status === 401;
    const text = key ? (KEYS[error.type] ?? KEYS.missing_api_key) : (BUSY[error.type] ?? error.message);
    return { text, key, retry: !key && error.retryable, afterS: error.afterS };
  }
  if (error instanceof Told) return { text: error.message, retry: error.retry };
  return { text: BROWSER[error?.name] ?? `Something went wrong here: ${error?.message ?? error}` };
}

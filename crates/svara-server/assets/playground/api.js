// What the page asks the server. Paths are relative, so that the page works behind a prefix, too.

import { ApiError, lost } from './errors.js';
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

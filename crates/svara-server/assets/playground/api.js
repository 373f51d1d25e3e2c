// What the page asks the server. Paths are relative, so that the page works behind a prefix, too.

import { ApiError } from './errors.js';
import { remembered } from './store.js';

let key = remembered('key') ?? '';

/** The API key of all further requests. */
export function useKey(value) {
  key = value;
}

export const currentKey = () => key;

async function ask(path, init = {}) {
  const headers = { ...init.headers, ...(key && { authorization: `Bearer ${key}` }) };
  const response = await fetch(path, { ...init, headers });
  if (!response.ok) throw new ApiError(response, await response.text());
  return response;
}

const posted = (fields, signal) => ({
  method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(fields), signal,
});

export const getJson = async (path) => (await ask(path)).json();
export const getBlob = async (path) => (await ask(path)).blob();
export const remove = (path) => ask(path, { method: 'DELETE' });
export const postJson = async (path, fields, signal) => (await ask(path, posted(fields, signal))).json();

/** The server's health: its body says why, also where the status is no success. */
export const getHealth = async () => (await fetch('health')).json();

/** Asks for speech; resolves once the headers are there. */
export const requestSpeech = (fields, signal) => ask('v1/text-to-speech', posted(fields, signal));

/** The whole file of a speech. */
export const wholeSpeech = async (fields) => (await requestSpeech({ ...fields, stream: false })).blob();

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

// What the page asks the server. Paths are relative, so that the page works behind a prefix, too.

/** An answer that is no success, with what the server said about it. */
export class ApiError extends Error {}

/** Reads JSON from the server. */
export async function getJson(path, key) {
  const response = await fetch(path, { headers: authorization(key) });
  if (!response.ok) throw new ApiError(await reason(response));
  return response.json();
}

/** The server's health: its body says why, also where the status is no success. */
export async function getHealth() {
  const response = await fetch('health');
  return response.json();
}

/** Asks for speech; resolves once the headers are there. */
export async function requestSpeech(fields, key, signal) {
  const response = await fetch('v1/text-to-speech', {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...authorization(key) },
    body: JSON.stringify(fields),
    signal,
  });
  if (!response.ok) throw new ApiError(await reason(response));
  return response;
}

function authorization(key) {
  return key ? { authorization: `Bearer ${key}` } : {};
}

async function reason(response) {
  const text = await response.text();
  try {
    const { detail } = JSON.parse(text);
    if (typeof detail === 'string') return detail;
    if (detail?.message) return detail.message;
  } catch {
    // Not ours: a proxy's page, say.
  }
  return `${response.status} ${response.statusText} ${text.slice(0, 200)}`.trim();
}

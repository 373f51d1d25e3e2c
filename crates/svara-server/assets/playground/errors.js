// What went wrong, in words for whoever uses the page.

/** An answer that is no success, with what the server said about it. */
export class ApiError extends Error {
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

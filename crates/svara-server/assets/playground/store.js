// What this browser remembers, and what a link carries.

const PREFIX = 'svara.';

/** What was kept under this name; undefined if there is nothing, or the browser keeps nothing. */
export function remembered(name) {
  try {
    return JSON.parse(localStorage.getItem(PREFIX + name)) ?? undefined;
  } catch {
    return undefined;
  }
}

/** Keeps a value, or forgets it if it is undefined. */
export function remember(name, value) {
  try {
    if (value === undefined) localStorage.removeItem(PREFIX + name);
    else localStorage.setItem(PREFIX + name, JSON.stringify(value));
  } catch {
    // The browser keeps nothing (private windows): the page works without.
  }
}

/** The state in a link's `#`; undefined if there is none. */
export function fromHash(hash) {
  const state = Object.fromEntries(new URLSearchParams(hash.replace(/^#/, '')));
  return state.text ? state : undefined;
}

/** A link to the page with this state. What follows `#` is never sent to a server. */
export function linkTo(state, page) {
  const url = new URL(page);
  url.hash = new URLSearchParams(Object.entries(state).filter(([, value]) => value));
  return url.href;
}

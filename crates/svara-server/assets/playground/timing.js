// Where the time to the first audio went: a bar of stretches, from what the server says and the page measured.

import { el } from './dom.js';

/** Stretches of the time to the first audio, in milliseconds. */
export function stretches(firstMs, { queue, engine, 'first-audio': audio }) {
  if (firstMs === undefined || audio === undefined) return [];
  const [atQueue, atEngine] = [Math.min(queue ?? 0, audio), Math.min(engine ?? 0, audio)];
  return [
    ['queue', atQueue, 'waiting for a free stream'],
    ['engine', Math.max(0, atEngine - atQueue), 'to the engine’s first tokens'],
    ['decoder', audio - Math.max(atQueue, atEngine), 'to the first samples'],
    ['network', Math.max(0, firstMs - audio), 'to this page and its ears'],
  ].map(([name, ms, meaning]) => ({ name, ms, meaning }));
}

/** Shows them: a bar in which each is as wide as it took, and their names and times below. */
export function showTiming(box, parts) {
  box.hidden = parts.length === 0;
  const bar = el('div', { className: 'bar', 'aria-hidden': 'true' }, ...parts.map(({ name, ms }) => {
    const part = el('span', { className: name });
    part.style.flexGrow = String(ms);
    return part;
  }));
  box.replaceChildren(bar, el('ul', {}, ...parts.map(({ name, ms, meaning }) => el('li', { className: name, title: meaning },
    el('span', { className: 'dot' }), `${name} `, el('b', { textContent: `${Math.round(ms)} ms` })))));
}

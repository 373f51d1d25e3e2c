// The line under the text: what will be said, with what is said otherwise than it is typed.

import { postJson } from './api.js';
import { $, el, settled } from './dom.js';

const PAUSE_MS = 350;
// A text of more words counts as changed as a whole.
const MOST = 1200;
const words = (text) => text.split(/\s+/).filter(Boolean);
// Tags of styles are not said.
const withoutTags = (text) => text.replace(/<\/?\w+>/g, ' ');

/** Gives a function to call when the request has changed; `fields` gives the request, and `isTooLong` says whether its text is. */
export function saidLine(fields, isTooLong) {
  let asked = '';
  let pending;
  return settled(async () => {
    const { text, voice, language, text_normalization } = fields();
    const request = { text, voice, language, text_normalization };
    if (!text.trim() || isTooLong() || !(voice || language)) {
      pending?.abort();
      asked = '';
      return show([]);
    }
    if (JSON.stringify(request) === asked) return;
    asked = JSON.stringify(request);
    pending?.abort();
    pending = new AbortController();
    try {
      const { normalized } = await postJson('v1/text/preview', request, pending.signal);
      show(stretches(paired(words(withoutTags(text)), words(normalized))));
    } catch (error) {
      if (error.name === 'AbortError') return;
      // A text that can't be said is refused in words once it is spoken; a line that is old would be wrong.
      asked = '';
      show([]);
    }
  }, PAUSE_MS);
}

function show(all) {
  const changed = all.some((stretch) => stretch.changed);
  $('said').hidden = !changed;
  $('said-text').replaceChildren(...all.flatMap(({ text, changed: isChanged, typed }) => {
    if (!isChanged) return [`${text} `];
    return text ? [el('mark', { textContent: text, title: typed ? `typed: ${typed}` : 'added' }), ' '] : [el('del', { textContent: typed }), ' '];
  }));
}

// Pairs of words: the same on both sides, or only on one.
function paired(a, b) {
  if (a.length > MOST || b.length > MOST) return [...a.map((word) => [word, null]), ...b.map((word) => [null, word])];
  const common = Array.from({ length: a.length + 1 }, () => new Uint16Array(b.length + 1));
  for (let i = a.length - 1; i >= 0; i -= 1) {
    for (let j = b.length - 1; j >= 0; j -= 1) {
      common[i][j] = a[i] === b[j] ? common[i + 1][j + 1] + 1 : Math.max(common[i + 1][j], common[i][j + 1]);
    }
  }
  const steps = [];
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) steps.push([a[i++], b[j++]]);
    else if (j >= b.length || (i < a.length && common[i + 1][j] >= common[i][j + 1])) steps.push([a[i++], null]);
    else steps.push([null, b[j++]]);
  }
  return steps;
}

// The words that are said in stretches: `{ text, changed, typed }`, where `typed` is what a changed stretch stands for.
function stretches(steps) {
  const all = [];
  for (const [typed, said] of steps) {
    const changed = typed !== said;
    if (all.at(-1)?.changed !== changed) all.push({ changed, from: [], to: [] });
    if (typed !== null) all.at(-1).from.push(typed);
    if (said !== null) all.at(-1).to.push(said);
  }
  return all.map(({ changed, from, to }) => ({ changed, text: to.join(' '), typed: from.join(' ') }));
}

// The line under the text: what will be said, with what is said otherwise than it is typed.

import { postJson } from './api.js';
import { changes } from './diff.js';
import { $, el, settled } from './dom.js';

const PAUSE_MS = 350;
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
      show(changes(withoutTags(text), normalized));
    } catch (error) {
      if (error.name === 'AbortError') return;
      // A text that can't be said is refused in words once it is spoken; a line that is old would be wrong.
      asked = '';
      show([]);
    }
  }, PAUSE_MS);
}

function show(stretches) {
  const changed = stretches.some((stretch) => stretch.changed);
  $('said').hidden = !changed;
  $('said-text').replaceChildren(...stretches.flatMap(({ text, changed: isChanged, typed }) => {
    if (!isChanged) return [`${text} `];
    return text ? [el('mark', { textContent: text, title: typed ? `typed: ${typed}` : 'added' }), ' '] : [el('del', { textContent: typed }), ' '];
  }));
}

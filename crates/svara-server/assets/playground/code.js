// The request as code: an API and a language, chosen by tabs, and a button to copy it.

import { currentKey } from './api.js';
import { $, tabs } from './dom.js';
import { code } from './snippets.js';
import { remember, remembered } from './store.js';

/** Gives a function to call when the request has changed; `fields` gives it. */
export function codeTabs(fields) {
  const chosen = remembered('code') ?? { api: 'svara', language: 'curl' };
  const show = () => {
    const origin = new URL('.', location.href).href.replace(/\/$/, '');
    const asked = fields();
    $('snippet').textContent = code(chosen.api, chosen.language, origin, asked, currentKey());
    $('code-note').hidden = !(asked.reference_audio && chosen.api !== 'svara');
  };
  for (const [list, name] of [['apis', 'api'], ['code-languages', 'language']]) {
    const choose = tabs($(list), (tab) => {
      chosen[name] = tab.dataset.name;
      remember('code', chosen);
      show();
    }, $('snippet'));
    choose($(list).querySelector(`[data-name="${chosen[name]}"]`) ?? $(list).querySelector('[role="tab"]'));
  }
  $('copy').addEventListener('click', async () => {
    await navigator.clipboard.writeText($('snippet').textContent);
    $('copy').textContent = 'Copied';
    setTimeout(() => { $('copy').textContent = 'Copy'; }, 1500);
  });
  return show;
}

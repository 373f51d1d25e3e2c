// Light or dark: the system's choice, unless the user makes one.

import { $ } from './dom.js';
import { remember, remembered } from './store.js';

/** Sets up the button; `act` is called after each change. */
export function themes(act = () => {}) {
  const kept = remembered('theme');
  if (kept) document.documentElement.dataset.theme = kept;
  const system = matchMedia('(prefers-color-scheme: dark)');
  system.addEventListener('change', act);
  $('theme').addEventListener('click', () => {
    const dark = (document.documentElement.dataset.theme ?? (system.matches ? 'dark' : 'light')) === 'dark';
    document.documentElement.dataset.theme = dark ? 'light' : 'dark';
    remember('theme', document.documentElement.dataset.theme);
    act();
  });
}

// Light or dark: the system's choice, unless the user makes one.

import { $ } from './dom.js';
import { remember, remembered } from './store.js';

/** Sets up the button; `act` is called after each change. */
export function themes(act = () => {}) {
  const system = matchMedia('(prefers-color-scheme: dark)');
  let theme = remembered('theme');
  const show = () => { if (theme) $('dark').media = theme === 'dark' ? 'all' : 'not all'; };
  show();
  system.addEventListener('change', act);
  $('theme').addEventListener('click', () => {
    theme = (theme ?? (system.matches ? 'dark' : 'light')) === 'dark' ? 'light' : 'dark';
    remember('theme', theme);
    show();
    act();
  });
}

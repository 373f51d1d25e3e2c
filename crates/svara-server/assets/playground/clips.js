// What has been spoken since the page was opened, and files behind buttons: ▶ plays one, ■ pauses it.

import { $, button, el } from './dom.js';
import { closedWav } from './samples.js';
import { alone, runs } from './status.js';

const KEPT = 20;

export class Clips {
  #audio = new Audio();
  #file;
  // What was pressed, until its sound is over.
  #button;

  constructor() {
    this.#audio.addEventListener('ended', () => this.stop());
  }

  /** Plays the file that `get` gives, from where it was paused; or pauses it. */
  async toggle(button, get) {
    const again = this.#button === button;
    this.stop();
    if (again) return;
    alone(this);
    this.#button = button;
    this.#show('▶', '■', true);
    try {
      const file = await get();
      if (this.#button !== button) return;
      if (file !== this.#file) {
        URL.revokeObjectURL(this.#audio.src);
        this.#audio.src = URL.createObjectURL(file);
        this.#file = file;
      }
      await this.#audio.play();
      button.classList.remove('busy');
    } catch (error) {
      if (this.#button === button) this.stop();
      throw error;
    }
  }

  stop() {
    this.#audio.pause();
    this.#show('■', '▶', false);
    this.#button = undefined;
    runs(this, false);
  }

  #show(before, after, busy) {
    if (!this.#button) return;
    this.#button.textContent = this.#button.textContent.replace(before, after);
    this.#button.classList.toggle('busy', busy);
  }
}

/** The file of a speech, complete also where it was streamed. */
export async function fileOf({ blob, format }) {
  if (format !== 'wav') return blob;
  return new Blob([closedWav(new Uint8Array(await blob.arrayBuffer()))], { type: blob.type });
}

/** Has the browser save a file. */
export function save(blob, name) {
  const link = el('a', { href: URL.createObjectURL(blob), download: name });
  link.click();
  // Only once the browser has taken it.
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

export class History {
  #list = $('history');
  #onPlay;

  /** `onPlay` gets the speech that is to be heard again. */
  constructor(onPlay) {
    this.#onPlay = onPlay;
  }

  add(spoken, voice) {
    $('history-empty').hidden = true;
    const { text } = spoken.fields;
    this.#list.prepend(el('li', {},
      button('▶', () => this.#onPlay(spoken), { className: 'round', 'aria-label': `Play again: ${text.slice(0, 60)}` }),
      el('span', { className: 'typed', textContent: text, title: text }),
      el('span', { className: 'meta', textContent: `${voice} · ${spoken.seconds.toFixed(1)} s` }),
      button(spoken.format, async () => save(await fileOf(spoken), `speech.${spoken.format}`), { className: 'quiet', 'aria-label': `Save as ${spoken.format}` })));
    while (this.#list.children.length > KEPT) this.#list.lastElementChild.remove();
  }
}

// What the page says of its work, and the button to try again.

import { $ } from './dom.js';
import { explain } from './errors.js';
import { runs } from './stop.js';

// A server that stays full is asked no more often than this by itself.
const OWN_TRIES = 3;

export class Status {
  #ticks;
  #again;
  #onKey;
  #tries = 0;

  /** `onKey` is called where the server wants a key. */
  constructor(onKey) {
    this.#onKey = onKey;
    $('retry').addEventListener('click', () => {
      this.#tries = 0;
      this.#retry();
    });
  }

  /** Tries no more by itself; the words and the button stay. */
  stop() {
    clearTimeout(this.#ticks);
    $('retry').textContent = 'Try again';
    runs(this, false);
  }

  say(text) {
    this.#clear();
    $('status').textContent = text;
    $('status').classList.remove('bad');
  }

  /** It worked: what fails next is new. */
  done(text) {
    this.#tries = 0;
    this.say(text);
  }

  /** Says what went wrong. `again` tries once more: at a press, or by itself when the server said after how long. */
  fail(error, again) {
    const { text, retry, afterS, key } = explain(error);
    this.say(text);
    $('status').classList.add('bad');
    if (key) this.#onKey();
    if (!retry || !again) return;
    this.#again = again;
    $('retry').hidden = false;
    if (afterS && this.#tries < OWN_TRIES) this.#countDown(Math.ceil(afterS));
  }

  #countDown(left) {
    runs(this, true);
    $('retry').textContent = `Try again (${left})`;
    this.#ticks = setTimeout(() => (left > 1 ? this.#countDown(left - 1) : this.#retry()), 1000);
  }

  #retry() {
    const again = this.#again;
    this.#clear();
    this.#tries += 1;
    again?.();
  }

  #clear() {
    this.stop();
    this.#again = undefined;
    $('retry').hidden = true;
  }
}

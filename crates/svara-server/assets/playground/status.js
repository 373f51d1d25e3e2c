// What the page says of its work and of the server's health, and the buttons to end the work and to try again.

import { explain, getHealth } from './api.js';
import { $ } from './dom.js';

// A server that stays full is asked no more often than this by itself.
const OWN_TRIES = 3;
// How often the health is looked at.
const EVERY_MS = 10_000;

const running = new Set();

/** Says whether this runs, which has `stop()`: the button Stop ends all that does. */
export function runs(one, is) {
  if (is) running.add(one);
  else running.delete(one);
  $('stop').disabled = running.size === 0;
}

/** This runs, and ends what can be heard beside it. */
export function alone(one) {
  for (const other of [...running]) if (other !== one && !other.silent) other.stop();
  runs(one, true);
}

export function stopAll() {
  for (const one of [...running]) one.stop();
}

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

/** Shows the health now and then; `act` hears what the server says. */
export function watchHealth(act) {
  const look = async () => {
    let [good, text] = [false, 'no answer'];
    try {
      const health = await getHealth();
      good = health.status === 'healthy';
      text = good ? `${health.model}, ${health.device}` : (health.reason ?? health.status);
      $('notice').textContent = health.notice ?? '';
      $('notice').hidden = !health.notice;
      act(health);
    } catch {
      // Said by the text above.
    }
    $('health').className = `health ${good ? 'good' : 'bad'}`;
    if ($('health-text').textContent !== text) $('health-text').textContent = text;
    $('health-text').title = text;
    setTimeout(look, EVERY_MS);
  };
  look();
}

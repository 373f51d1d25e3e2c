// The button Stop: it ends all that sounds or runs.

import { $ } from './dom.js';

const running = new Set();

/** Says whether this runs, which has `stop()`. */
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

// Whether the server can speak, in the page's head.

import { getHealth } from './api.js';
import { $ } from './dom.js';

const EVERY_MS = 10_000;

/** Shows it now and then; `act` hears what the server says. */
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

// Long texts: a job in the background, its progress, and one file at the end.

import { Told, currentKey, explain, getBlob, getJson, postJson, remove } from './api.js';
import { $, button, clock, el, once } from './dom.js';
import { save } from './clips.js';
import { remember, remembered } from './store.js';

const LOOK_EVERY_MS = 1000;
const FORMAT = 'mp3';

// Where the jobs of the present key are remembered: others' can't be seen. The number tells next to nothing of the key.
function shelf() {
  const key = currentKey();
  return key ? `jobs.${[...key].reduce((sum, letter) => (31 * sum + letter.codePointAt(0)) % 9973, 0)}` : 'jobs';
}

export class Jobs {
  #asked;
  #told;
  #clips;

  /** `asked` gives a request, `told` wraps what may fail, `clips` plays. */
  constructor(asked, told, clips) {
    this.#asked = asked;
    this.#told = told;
    this.#clips = clips;
    $('job-go').addEventListener('click', told(once(() => this.#go())));
    $('job-file').addEventListener('change', told(() => this.#take($('job-file').files[0])));
    $('job-text').addEventListener('dragover', (event) => event.preventDefault());
    $('job-text').addEventListener('drop', told((event) => {
      if (!event.dataTransfer.files.length) return undefined;
      event.preventDefault();
      return this.#take(event.dataTransfer.files[0]);
    }));
    this.show();
  }

  /** Shows the jobs of the present key. */
  show() {
    $('jobs').replaceChildren();
    for (const id of remembered(shelf()) ?? []) this.#follow(id, 'An earlier text');
  }

  /** Has a text that is too long for a request. */
  offer(text) {
    $('job-text').value = text;
    $('job-text').focus();
  }

  async #take(file) {
    if (file) $('job-text').value = await file.text();
  }

  async #go() {
    const text = $('job-text').value;
    if (!text.trim()) throw new Told('Type or drop a text first.');
    const { response_format: _, sample_rate: __, ...fields } = this.#asked();
    const job = await postJson('v1/jobs', { ...fields, text, response_format: FORMAT });
    $('job-text').value = '';
    remember(shelf(), [...(remembered(shelf()) ?? []), job.id]);
    this.#follow(job.id, text.slice(0, 80));
  }

  #follow(id, name) {
    const bar = el('progress', { 'aria-label': `Progress of ${name}` });
    const note = el('span', { className: 'meta' });
    const row = el('li', { className: 'job' }, el('span', { className: 'typed', textContent: name }), bar, note);
    const stop = button('Delete', this.#told(once(async () => {
      await remove(`v1/jobs/${id}`);
      this.#clips.stop();
      this.#forget(id, row);
    })), { className: 'quiet', 'aria-label': `Delete ${name}` });
    row.append(stop);
    $('jobs').prepend(row);
    const look = async () => {
      if (!row.isConnected) return;
      let job;
      try {
        job = await getJson(`v1/jobs/${id}`);
      } catch (error) {
        // With another key meanwhile.
        if (!row.isConnected) return;
        // Deleted meanwhile, or too old.
        if (error.status === 404) return this.#forget(id, row);
        note.textContent = explain(error).text;
        // Another key has it looked at anew.
        if (![401, 403].includes(error.status)) setTimeout(look, 5 * LOOK_EVERY_MS);
        return;
      }
      const [item] = job.items;
      note.textContent = { queued: 'waiting', failed: item.error?.detail ?? 'failed' }[job.status]
        ?? `${clock(item.audio_seconds ?? 0)} of sound, ${item.pieces_done ?? 0} pieces`;
      if (job.status === 'done') this.#done(id, row, bar, stop, item);
      else if (job.status === 'failed') bar.remove();
      else setTimeout(look, LOOK_EVERY_MS);
    };
    look();
  }

  #done(id, row, bar, stop, item) {
    bar.remove();
    let kept;
    const file = async () => (kept ??= await getBlob(`v1/jobs/${id}/audio/0`));
    const hear = button('▶', this.#told(() => this.#clips.toggle(hear, file)), { className: 'round', 'aria-label': 'Play it' });
    row.prepend(hear);
    stop.before(button('Download', this.#told(once(async () => save(await file(), `speech.${item.format}`))), { className: 'quiet' }));
  }

  #forget(id, row) {
    remember(shelf(), (remembered(shelf()) ?? []).filter((other) => other !== id));
    // Where the focus is vanishes.
    if (row.contains(document.activeElement)) (row.nextElementSibling?.querySelector('button') ?? $('job-text')).focus();
    row.remove();
  }
}

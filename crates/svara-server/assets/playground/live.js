// Text that is spoken while it is written: by a typing user, or by a language model.

import { Told, speechSocket } from './api.js';
import { $, el } from './dom.js';
import { Player } from './player.js';
import { SampleReader } from './samples.js';
import { alone, runs } from './status.js';

const RATE = 24000;
// About as fast as a model writes.
const DELTA_MS = 60;

export class Live {
  #context;
  #fields;
  #socket;
  #player;
  #sent = '';
  #since;
  #timer;
  #fail;

  /** `fields` gives the voice, `told` wraps what may fail, `fail` hears what fails later. */
  constructor(context, fields, told, fail) {
    this.#context = context;
    this.#fields = fields;
    this.#fail = fail;
    $('live-go').addEventListener('click', told(() => (this.#socket ? this.finish() : this.#type())));
    $('live-model').addEventListener('click', told(() => this.#model()));
    $('live-text').addEventListener('input', () => this.#typed());
  }

  /** Ends the text: what is there is spoken to the end. */
  finish() {
    clearInterval(this.#timer);
    this.#send({ text: '' });
    this.#show('Speaking the rest…');
  }

  stop() {
    clearInterval(this.#timer);
    this.#socket?.close();
    this.#player?.stop();
    this.#closed();
  }

  async #type() {
    await this.#open();
    this.#sent = '';
    this.#show('Type. Words are spoken as soon as there are a few of them.');
    $('live-text').focus();
    this.#typed();
  }

  // Only what is added at the end can be spoken: what was said can't be taken back.
  #typed() {
    if (!this.#socket || this.#timer) return;
    const text = $('live-text').value;
    let same = 0;
    while (same < this.#sent.length && text[same] === this.#sent[same]) same += 1;
    if (same < this.#sent.length) {
      this.#show('What was spoken can’t be changed any more; go on at the end.');
      return;
    }
    if (text.length > same) this.#send({ text: text.slice(same) });
    this.#sent = text;
  }

  async #model() {
    const parts = deltas($('live-text').value);
    if (parts.length === 0) throw new Told('Paste what a language model has streamed, or any text.');
    await this.#open();
    this.#timer = setInterval(() => {
      const part = parts.shift();
      if (part === undefined) return this.finish();
      this.#send({ text: part });
      this.#show(`${parts.length} parts to come`);
    }, DELTA_MS);
  }

  async #open() {
    this.stop();
    const { voice } = this.#fields();
    if (!voice) throw new Told('A recording can’t be used here. Forget it, or keep it as a voice first.');
    const socket = speechSocket({ voice, response_format: 'pcm' });
    this.#socket = socket;
    const player = new Player(this.#context(), () => player === this.#player && this.#changed());
    this.#player = player;
    alone(this);
    this.#since = undefined;
    $('live-said').replaceChildren();
    $('live-go').textContent = 'Finish';
    $('live-go').setAttribute('aria-pressed', 'true');
    const samples = new SampleReader('pcm', RATE);
    socket.onmessage = ({ data }) => {
      if (typeof data !== 'string') return this.#heard(player, samples.read(new Uint8Array(data)));
      const message = JSON.parse(data);
      if (message.type === 'chunk') $('live-said').append(el('span', { textContent: message.text }));
      if (message.type === 'error') this.#fail(new Told(message.message));
      if (message.type === 'done') player.finish();
    };
    socket.onclose = () => {
      player.finish();
      if (this.#socket === socket) this.#closed();
    };
    await new Promise((resolve, reject) => {
      socket.onopen = resolve;
      // Browsers don't say why: the status of the refusal is kept from pages.
      socket.onerror = () => reject(this.#socket === socket
        ? new Told('The server refused the connection, or doesn’t answer. It may want a key, or be full.') : new DOMException('', 'AbortError'));
    });
  }

  #changed() {
    runs(this, Boolean(this.#socket || this.#player?.sounding));
  }

  #heard(player, samples) {
    player.push(samples, RATE);
    if (this.#since === undefined) return;
    $('live-first').textContent = `First audio ${Math.round(performance.now() - this.#since)} ms after the first word.`;
    this.#since = undefined;
  }

  #send(message) {
    if (this.#socket?.readyState !== WebSocket.OPEN) return;
    if (message.text && !this.#player.duration) this.#since ??= performance.now();
    this.#socket.send(JSON.stringify(message));
  }

  #closed() {
    clearInterval(this.#timer);
    this.#timer = this.#socket = undefined;
    this.#changed();
    $('live-go').textContent = 'Speak as I type';
    $('live-go').setAttribute('aria-pressed', 'false');
    this.#show('');
  }

  #show(text) {
    $('live-status').textContent = text;
  }
}

// The text of an event, where APIs have it.
const textOf = ({ choices, delta, message, response }) => [
  choices?.[0]?.delta?.content, choices?.[0]?.text, delta?.text, delta, message?.content, response,
].find((text) => typeof text === 'string');

// Parts of what a language model streamed, as it was pasted: from server-sent events or lines of JSON; of any other text, its words.
function deltas(pasted) {
  const lines = pasted.split('\n').map((line) => line.replace(/^data:\s*/, '').trim());
  const events = lines.filter((line) => line.startsWith('{')).map(parsed).filter(Boolean);
  if (events.length === 0) return pasted.match(/\s*\S+\s*/g) ?? [];
  return events.map(textOf).filter(Boolean);
}

function parsed(line) {
  try {
    return JSON.parse(line);
  } catch {
    // Cut off where it was copied.
    return undefined;
  }
}

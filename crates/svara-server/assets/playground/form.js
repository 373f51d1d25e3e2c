// The request as the form has it: read, kept in this browser, and carried by links.

import { $ } from './dom.js';
import { streamsOpus } from './decoders.js';
import { remember, remembered } from './store.js';

// What is kept and shared besides text and voice: name, element and default.
const CONTROLS = [['response_format', 'format', 'auto'], ['text_normalization', 'normalization', 'auto'], ['speed', 'speed', '1'], ['seed', 'seed', '']];

export class Form {
  #cards;
  #clone;
  /** Whether sound should be sent small. */
  slow = false;

  /** `cards` has the chosen voice, `clone` the recording, if there is one. */
  constructor(cards, clone) {
    this.#cards = cards;
    this.#clone = clone;
  }

  /** The fields of a request that is to be sent; throws unless the recording may be used. */
  asked() {
    this.#clone.check();
    return this.fields();
  }

  /** The fields of a request. */
  fields() {
    const recording = this.#clone.fields();
    const asked = { text: $('text').value, ...(recording ?? { voice: this.#cards.chosen?.id }), ...this.#format() };
    if ($('normalization').value !== 'auto') asked.text_normalization = $('normalization').value;
    if (Number($('speed').value) !== 1) asked.speed = Number($('speed').value);
    if ($('seed').value !== '') asked.seed = Number($('seed').value);
    return asked;
  }

  #format() {
    const format = $('format').value;
    if (format !== 'auto') return { response_format: format };
    if (!this.slow) return { response_format: 'wav' };
    // Where the browser can't play Opus while it arrives, a third of the rate is what every browser can.
    return streamsOpus() ? { response_format: 'opus' } : { response_format: 'wav', sample_rate: 8000 };
  }

  /** What a link carries and the browser keeps. */
  get state() {
    const state = { text: $('text').value, voice: this.#cards.chosen?.id };
    for (const [name, id, usual] of CONTROLS) {
      if ($(id).value !== usual) state[name] = $(id).value;
    }
    return state;
  }

  keep() {
    if (this.state.voice) remember('request', this.state);
  }

  static get kept() {
    return remembered('request');
  }

  /** Sets what a link or the browser has; the voice is the cards' matter. */
  set(state) {
    if (state.text) $('text').value = state.text;
    for (const [name, id, usual] of CONTROLS) {
      $(id).value = state[name] ?? usual;
      // What a select doesn't have leaves it empty.
      if ($(id).value === '') $(id).value = usual;
    }
  }

  get length() {
    return [...$('text').value].length;
  }
}

/** A seed short enough to be read out. */
export const randomSeed = () => crypto.getRandomValues(new Uint32Array(1))[0] % 1_000_000;

/** Puts a tag where the caret is, between spaces. */
export function insertTag(tag) {
  const text = $('text');
  const [before, after] = [text.value.slice(0, text.selectionStart), text.value.slice(text.selectionEnd)];
  text.focus();
  text.setRangeText(
    `${before && !/\s$/.test(before) ? ' ' : ''}<${tag}>${/^\s/.test(after) ? '' : ' '}`,
    text.selectionStart, text.selectionEnd, 'end',
  );
  text.dispatchEvent(new Event('input', { bubbles: true }));
}

// The text as it is spoken: words light up, and a click on one plays from there.

import { el, rove } from './dom.js';

// Characters a second, until the speech itself says how fast it is.
const USUAL_RATE = 14;
// Seconds of speech after which its own rate is known.
const ENOUGH_S = 1.5;
// Words that may wait to be lit, one a frame; with more, the page was asleep.
const MOST_BEHIND = 8;
// Seconds for which a word stays lit in a pause.
const AFTERGLOW_S = 0.25;

export class Words {
  #list;
  #text = [];
  // Spoken words with their times, and those that are still ahead, without.
  #timed = [];
  #ahead = [];
  #done = 0;
  // Where in the text the word begins that was lit last, and whether the next may be any other.
  #reached = -1;
  #jumps = true;
  #heard = 0;
  #lit;

  /** `onChoose` gets the second at which the chosen word begins. */
  constructor(list, onChoose) {
    this.#list = list;
    list.addEventListener('click', (event) => {
      const word = this.#timed.find(({ element }) => element === event.target);
      if (word) onChoose(word.start);
    });
    rove(list, 'button');
  }

  begin(text) {
    this.#text = [...text];
    this.#timed = [];
    this.#done = this.#heard = 0;
    this.#reached = -1;
    this.#lit = undefined;
    this.#list.replaceChildren(el('span', { className: 'ahead' }));
    this.#showAhead();
    this.#list.hidden = false;
  }

  /** Takes spoken words with their times. Those that stand for the same stretch of the text are one here. */
  add(spoken) {
    const ahead = this.#list.lastElementChild;
    for (const { word, start, end, typed_start: from, typed_end: to } of spoken) {
      const last = this.#timed.at(-1);
      if (last && from < last.to) {
        last.end = end;
        last.element.title += ` ${word}`;
        continue;
      }
      if (from > this.#done) ahead.before(this.#text.slice(this.#done, from).join(''));
      const typed = this.#text.slice(from, to).join('');
      const element = el('button', { type: 'button', textContent: typed, title: word, tabIndex: last ? -1 : 0 });
      ahead.before(element);
      this.#done = to;
      this.#timed.push({ element, start, end, from, to });
    }
    this.#showAhead();
  }

  /** The next second is any other than the one that follows. */
  jump() {
    this.#jumps = true;
  }

  /**
   * Lights the word that is heard at this second. Frames may be late: words that were heard since the last one are lit
   * one a frame, so that none is left out. Gives whether there are more of them.
   */
  at(seconds) {
    this.#jumps ||= seconds < this.#heard;
    this.#heard = seconds;
    const words = [...this.#timed, ...this.#ahead];
    const now = this.#indexAt(seconds);
    const reached = words.findLastIndex(({ from }) => from <= this.#reached);
    const jumps = this.#jumps || now - reached > MOST_BEHIND;
    const next = jumps ? now : Math.min(reached + 1, Math.max(now, reached));
    this.#jumps = false;
    this.#reached = words[next]?.from ?? -1;
    // One that was heard since the last frame is lit for a frame, though a pause follows it.
    const lit = jumps || next === reached;
    const over = lit && next === now && seconds >= (words[next]?.end ?? Infinity) + AFTERGLOW_S;
    this.#light(over ? undefined : words[next]?.element);
    return next < now || !lit;
  }

  // The word at a second. The times of a piece come when all of it is made, so its first words are heard before that:
  // meanwhile they are guessed by how fast the speech is.
  #indexAt(seconds) {
    const timed = this.#timed.findLastIndex(({ start }) => start <= seconds);
    const end = this.#timed.at(-1)?.end ?? 0;
    if (seconds <= end || this.#ahead.length === 0) return timed;
    const rate = end >= ENOUGH_S ? this.#done / end : USUAL_RATE;
    const at = this.#done + (seconds - end) * rate;
    const guessed = this.#ahead.findLastIndex(({ from }) => from <= at);
    return guessed < 0 ? timed : this.#timed.length + guessed;
  }

  #light(element) {
    if (element === this.#lit) return;
    this.#lit?.removeAttribute('aria-current');
    element?.setAttribute('aria-current', 'true');
    this.#lit = element;
    if (element) keepInSight(element, this.#list);
  }

  #showAhead() {
    this.#ahead = [];
    const parts = [];
    let from = this.#done;
    for (const part of this.#text.slice(from).join('').split(/(\s+)/).filter(Boolean)) {
      const to = from + [...part].length;
      const element = part.trim() ? el('span', { textContent: part }) : part;
      if (part.trim()) this.#ahead.push({ element, from, to });
      parts.push(element);
      from = to;
    }
    this.#list.lastElementChild.replaceChildren(...parts);
  }
}

// Scrolls the list alone: the page stays where its user has it.
function keepInSight(element, list) {
  const [top, bottom] = [element.offsetTop - list.offsetTop, element.offsetTop - list.offsetTop + element.offsetHeight];
  if (top < list.scrollTop || bottom > list.scrollTop + list.clientHeight) list.scrollTop = top - list.clientHeight / 3;
}

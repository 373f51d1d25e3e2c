// What has been spoken since the page was opened.

const KEPT = 20;

export class History {
  #list;
  #empty;
  #urls = [];
  #onPlay;

  /** `onPlay` gets the speech that is to be heard again. */
  constructor(list, empty, onPlay) {
    this.#list = list;
    this.#empty = empty;
    this.#onPlay = onPlay;
  }

  add({ text, voice, seconds, blob, format, rate }) {
    this.#empty.hidden = true;
    const url = URL.createObjectURL(blob);
    this.#urls.unshift(url);
    const item = document.createElement('li');
    const play = Object.assign(document.createElement('button'), { type: 'button', textContent: '▶' });
    play.setAttribute('aria-label', `Play again: ${text.slice(0, 60)}`);
    play.addEventListener('click', () => this.#onPlay({ blob, format, rate }));
    const said = Object.assign(document.createElement('span'), { className: 'said', textContent: text, title: text });
    const meta = Object.assign(document.createElement('span'), { className: 'meta', textContent: `${voice} · ${seconds.toFixed(1)} s` });
    const save = Object.assign(document.createElement('a'), { href: url, download: `speech.${format}`, textContent: format });
    save.setAttribute('aria-label', `Save as ${format}`);
    item.append(play, said, meta, save);
    this.#list.prepend(item);
    while (this.#list.children.length > KEPT) {
      this.#list.lastElementChild.remove();
      URL.revokeObjectURL(this.#urls.pop());
    }
  }
}

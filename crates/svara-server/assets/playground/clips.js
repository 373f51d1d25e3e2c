// Files behind buttons: ▶ plays one, ■ pauses it.

import { alone, runs } from './stop.js';

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

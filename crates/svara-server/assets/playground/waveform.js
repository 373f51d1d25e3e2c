// Draws a speech as it grows: one bar for each stretch of time, louder is taller, heard is coloured.

const BARS = 160;
// A bar is at least this long, so that the first words don't fill the whole width.
const MIN_BAR_S = 0.04;

export class Waveform {
  #canvas;
  #peaks = [];
  #peak = 0;
  #inPeak = 0;
  #barSamples = 0;
  #rate = 24000;

  constructor(canvas) {
    this.#canvas = canvas;
  }

  clear() {
    this.#peaks = [];
    this.#peak = this.#inPeak = this.#barSamples = 0;
    this.draw(0);
  }

  push(samples, rate) {
    this.#rate = rate;
    this.#barSamples ||= Math.round(rate * MIN_BAR_S);
    for (const sample of samples) {
      this.#peak = Math.max(this.#peak, Math.abs(sample));
      this.#inPeak += 1;
      if (this.#inPeak === this.#barSamples) this.#close();
    }
  }

  draw(heardSeconds) {
    const { width, height } = this.#canvas;
    const context = this.#canvas.getContext('2d');
    const style = getComputedStyle(this.#canvas);
    const [accent, line] = ['--accent', '--faint'].map((name) => style.getPropertyValue(name));
    context.clearRect(0, 0, width, height);
    const step = width / BARS;
    const heard = this.#barSamples ? (heardSeconds * this.#rate) / this.#barSamples : 0;
    for (let i = 0; i < BARS; i += 1) {
      const peak = this.#peaks[i] ?? 0;
      const size = Math.max(3, peak * (height - 16));
      context.fillStyle = i < heard && i < this.#peaks.length ? accent : line;
      context.globalAlpha = i < this.#peaks.length ? 1 : 0.25;
      context.fillRect(i * step + step * 0.2, (height - size) / 2, step * 0.6, size);
    }
  }

  // Full width: two bars become one, so that a speech of any length fits.
  #close() {
    this.#peaks.push(this.#peak);
    this.#peak = this.#inPeak = 0;
    if (this.#peaks.length > BARS) {
      const halved = [];
      for (let i = 0; i < this.#peaks.length; i += 2) {
        halved.push(Math.max(this.#peaks[i], this.#peaks[i + 1] ?? 0));
      }
      this.#peaks = halved;
      this.#barSamples *= 2;
    }
  }
}

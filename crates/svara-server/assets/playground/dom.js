// Short ways to the elements of the page.

export const $ = (id) => document.getElementById(id);

/** Makes an element with these properties (`aria-…`, `data-…` and `role` as attributes) and children. */
export function el(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (/^(aria-|data-|role$|for$|list$)/.test(name)) element.setAttribute(name, value);
    else element[name] = value;
  }
  element.append(...children);
  return element;
}

export function button(text, act, properties = {}) {
  const made = el('button', { type: 'button', textContent: text, ...properties });
  made.addEventListener('click', act);
  return made;
}

/** Fills a select with pairs of value and text, behind those that stay. */
export function options(select, pairs, ...first) {
  const before = select.value;
  select.replaceChildren(...first, ...pairs.map(([value, text]) => new Option(text, value)));
  if (pairs.some(([value]) => value === before)) select.value = before;
}

/** Calls `act` once it hasn't been asked to for this long. */
export function settled(act, ms) {
  let timer;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(act, ms);
  };
}

/** Does nothing while `act` still runs: who presses twice asks for one thing. */
export function once(act) {
  let running = false;
  return async (...args) => {
    if (running) return;
    running = true;
    try {
      await act(...args);
    } finally {
      running = false;
    }
  };
}

/** Draws each frame while `draw` gives true; the function that this gives has it go on. */
export function frames(draw) {
  let asked;
  const frame = () => {
    asked = 0;
    if (draw()) asked = requestAnimationFrame(frame);
  };
  return () => asked || frame();
}

/** Has a button copy what an element shows, and say so for a moment. */
export function copies(copy, shown) {
  copy.addEventListener('click', async () => {
    let done = await navigator.clipboard?.writeText(shown.textContent).then(() => true, () => false);
    if (!done) {
      // Over http there is no clipboard, but what is selected can be copied, if need be by its user.
      getSelection().selectAllChildren(shown);
      done = document.execCommand('copy');
    }
    copy.textContent = done ? 'Copied' : 'Press Ctrl C';
    setTimeout(() => { copy.textContent = 'Copy'; }, 1500);
  });
}

/** Seconds as 1:05. */
export function clock(seconds) {
  const whole = Math.floor(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`;
}

/** Makes a group of elements one stop of the Tab key: the arrows go from one to the next, and `act` hears where. */
export function rove(group, selector, act = () => {}) {
  group.addEventListener('keydown', (event) => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    const all = [...group.querySelectorAll(selector)];
    const at = all.indexOf(document.activeElement);
    if (!step || at < 0) return;
    event.preventDefault();
    const next = all[(at + step + all.length) % all.length];
    for (const one of all) one.tabIndex = one === next ? 0 : -1;
    next.focus();
    act(next);
  });
}

/** Tabs: shows the panel that the chosen one controls, or names their one panel by it, and tells which tab it is. */
export function tabs(list, act = () => {}, shared = undefined) {
  const all = [...list.querySelectorAll('[role="tab"]')];
  const choose = (chosen) => {
    for (const tab of all) {
      tab.setAttribute('aria-selected', String(tab === chosen));
      tab.tabIndex = tab === chosen ? 0 : -1;
      if (!shared) $(tab.getAttribute('aria-controls')).hidden = tab !== chosen;
    }
    shared?.setAttribute('aria-labelledby', chosen.id);
    act(chosen);
  };
  for (const tab of all) tab.addEventListener('click', () => choose(tab));
  rove(list, '[role="tab"]', choose);
  return choose;
}

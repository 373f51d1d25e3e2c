// The page: its parts, made and joined.

import { Told, getJson, useKey } from './api.js';
import { Cards, known, languagesOf } from './cards.js';
import { Clips, History } from './clips.js';
import { Clone } from './clone.js';
import { $, button, options, settled, tabs } from './dom.js';
import { Form, insertTag, randomSeed } from './form.js';
import { saidLine } from './said.js';
import { Sound } from './sound.js';
import { Speaking, cameSlowly, saveAs } from './speak.js';
import { Status, stopAll, watchHealth } from './status.js';
import { fromHash, linkTo, remember, remembered } from './store.js';
import { isSample, samplesOf } from './texts.js';
import { themes } from './theme.js';

// Telephony's formats, which browsers don't play.
const UNPLAYABLE = new Set(['ulaw', 'alaw']);

const status = new Status(() => askForKey());
// What may fail, made to say so where it does.
const told = (action) => async (...args) => {
  try {
    await action(...args);
  } catch (error) {
    // Who has ended something needn't be told.
    if (error?.name !== 'AbortError') status.fail(error, () => told(action)(...args));
  }
};

const sound = new Sound((state) => speaking?.show(state));
const context = () => sound.context;
const clips = new Clips();
const cards = new Cards($('voices'), () => chosen(), told, clips);
const clone = new Clone(context, () => changed(), told, clips, (voice) => told(load)(voice.voice_id));
const form = new Form(cards, clone);
const history = new History(told((spoken) => speaking.replay(spoken)));
const speaking = new Speaking(form, sound, status, history);
const fields = () => form.fields();
const asked = () => form.asked();
const showSaid = saidLine(fields, () => form.length > limit);
const keep = settled(() => form.keep(), 300);
const showTool = tabs($('tools'));
let limit = Infinity;
let demo = false;
let voices = [];
// Below the form, which needn't wait for these files.
let compare, jobs, showCode;
const below = new Promise((loaded) => window.addEventListener('load', loaded)).then(async () => {
  const [{ Compare }, { Jobs }, { Live }, { Load }, { codeTabs }] = await Promise.all([
    import('./compare.js'), import('./jobs.js'), import('./live.js'), import('./load.js'), import('./snippets.js'),
  ]);
  new Live(context, fields, told, (error) => status.fail(error));
  new Load(asked, told);
  compare = new Compare(context, fields, told);
  compare.show(voices);
  jobs = new Jobs(asked, told, clips);
  showCode = codeTabs(fields);
  showCode();
  for (const box of document.querySelectorAll('[inert]')) box.inert = false;
});

async function load(id) {
  const [settings, { voices: list }, { languages }] = await Promise.all(
    ['playground/settings.json', 'v1/voices', 'v1/languages'].map(getJson));
  limit = settings.text_characters;
  const playable = settings.formats.filter((name) => !UNPLAYABLE.has(name));
  options($('format'), playable.map((name) => [name, name]), $('format').options[0]);
  saveAs(settings.formats);
  $('styles').replaceChildren(...settings.styles.map((tag) => button(tag, () => insertTag(tag), { className: 'chip', title: `Puts <${tag}> where the caret is` })));
  const preferred = [...navigator.languages.map((tag) => tag.split('-')[0]).filter((code) => code !== 'en'), 'hi', 'en'];
  voices = known(list, languages, preferred);
  options($('language'), languagesOf(voices));
  const state = fromHash(location.hash) ?? Form.kept ?? {};
  if (!$('text').value || fromHash(location.hash)) form.set(state);
  cards.show(voices, id ?? cards.chosen?.id ?? state.voice);
  compare?.show(voices);
  clone.allow(settings.cloning, demo);
  changed();
}

// A text of ours makes room for one in the voice's language; the user's own stays.
function chosen() {
  const { code } = cards.chosen ?? {};
  if (code) clone.speaks(code);
  $('samples').replaceChildren(...samplesOf(code).map(([kind, text]) => button(kind, () => {
    $('text').value = text;
    changed();
  }, { className: 'chip' })));
  if (!$('text').value || isSample($('text').value)) $('text').value = samplesOf(code)[0][1];
  $('text').lang = code || 'und';
  changed();
}

function changed() {
  const over = form.length > limit;
  $('count').textContent = Number.isFinite(limit) ? `${form.length} of ${limit}` : '';
  $('count').classList.toggle('over', over);
  $('over').hidden = !over;
  $('speak').disabled = over;
  $('speed-value').textContent = `${Number($('speed').value)}×`;
  $('voice-box').disabled = Boolean(clone.fields());
  showCode?.();
  showSaid();
  keep();
}

function speak() {
  if (!$('request').reportValidity() || $('speak').disabled) return;
  speaking.speak(clone.fields() ? 'cloned' : cards.chosen?.full);
  $('player').scrollIntoView({ block: 'nearest', behavior: matchMedia('(prefers-reduced-motion: reduce)').matches ? 'auto' : 'smooth' });
}

function askForKey() {
  $('access').open = true;
  $('key').focus();
}

function takeKey() {
  useKey($('key').value);
  jobs?.show();
  remember('key', $('remember-key').checked && $('key').value ? $('key').value : undefined);
}

speaking.changed = changed;
$('request').addEventListener('submit', (event) => {
  event.preventDefault();
  speak();
});
$('request').addEventListener('input', () => {
  // The link in the address bar is of another text now.
  if (location.hash) window.history.replaceState(null, '', location.pathname + location.search);
  // What would be tried again is another request now.
  status.stop();
  changed();
});
// What is wrong with a field is shown by the browser, which needs it in sight.
$('request').addEventListener('invalid', (event) => {
  const fold = event.target.closest('details');
  if (fold) fold.open = true;
}, true);
$('filter').addEventListener('keydown', (event) => {
  if (event.key === 'Enter') event.preventDefault();
});
$('stop').addEventListener('click', stopAll);
window.addEventListener('pagehide', () => form.keep());
$('dice').addEventListener('click', () => {
  $('seed').value = randomSeed();
  changed();
});
$('to-job').addEventListener('click', told(async () => {
  showTool($('tab-job'));
  await below;
  jobs.offer($('text').value);
}));
$('key').value = remembered('key') ?? '';
$('remember-key').checked = Boolean($('key').value);
$('key').addEventListener('change', () => {
  takeKey();
  told(load)();
});
$('remember-key').addEventListener('change', takeKey);
$('share').addEventListener('click', told(async () => {
  const link = linkTo(form.state, location.href);
  window.history.replaceState(null, '', link);
  if (!navigator.clipboard) throw new Told('The link to this text and voice is in the address bar.');
  await navigator.clipboard.writeText(link);
  status.say('The link to this text and voice is copied.');
}));
window.addEventListener('hashchange', told(async () => {
  const state = fromHash(location.hash);
  if (!state) return;
  form.set(state);
  cards.choose(state.voice);
  changed();
}));
document.addEventListener('keydown', (event) => {
  if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) speak();
  if (event.key === 'Escape') stopAll();
  const free = event.target === document.body || event.target.matches('input[type="range"], canvas');
  if (event.key === ' ' && free) {
    event.preventDefault();
    sound.toggle();
  }
});

showTool($('tab-compare'));
themes(() => sound.draw());
watchHealth((health) => {
  const was = demo;
  demo = health.engine === 'demo';
  $('style-note').hidden = !demo;
  if (was !== demo) told(async () => clone.allow((await getJson('playground/settings.json')).cloning, demo))();
});
told(load)();
told(() => below)();
// Once the page's own files are there. A busy moment looks like a slow connection: look twice.
window.addEventListener('load', told(async () => {
  if (cameSlowly()) await speaking.measure();
}));

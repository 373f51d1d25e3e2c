// The page: what is on it, and what happens when.

import { getHealth, getJson, requestSpeech } from './api.js';
import { History } from './history.js';
import { Recorder, base64 } from './reference.js';
import { curl, python } from './snippets.js';
import { Sound } from './sound.js';
import { TEXTS } from './texts.js';

const $ = (id) => document.getElementById(id);
const HEALTH_EVERY_MS = 10_000;
// Telephony's formats, which browsers don't play.
const UNPLAYABLE = new Set(['ulaw', 'alaw']);

const form = $('request');
const sound = new Sound($('wave'));
const history = new History($('history'), $('history-empty'), told(replay));
const recorder = new Recorder();
const snippets = { curl, python };

let settings;
let voices = [];
let reference;
let snippet = 'curl';
let running;

// --- what there is to choose from

async function load() {
  const key = $('key').value;
  settings = await getJson('playground/settings.json', key);
  voices = (await getJson('v1/voices', key)).voices;
  options($('style'), settings.styles.map((style) => [style, style]), $('style').options[0]);
  options($('format'), settings.formats.filter((name) => !UNPLAYABLE.has(name)).map((name) => [name, name]));
  $('format').value = 'wav';
  $('text').dataset.limit = settings.text_characters;
  $('clone').hidden = !settings.cloning;
  const languages = new Map();
  for (const voice of voices) {
    if (!languages.has(voice.language_code)) languages.set(voice.language_code, languageName(voice));
  }
  const sorted = [...languages].sort((a, b) => a[1].localeCompare(b[1]));
  options($('language'), sorted);
  const preferred = ['hi', ...navigator.languages.map((tag) => tag.split('-')[0])].find((code) => languages.has(code));
  if (preferred) $('language').value = preferred;
  chooseLanguage();
}

// "Hindi (Female)" is a voice of Hindi; others are called by their language's name.
function languageName(voice) {
  const named = /^(.+) \((?:fe)?male\)$/i.exec(voice.name);
  if (named) return named[1];
  return new Intl.DisplayNames(['en'], { type: 'language' }).of(voice.language_code) ?? voice.language_code;
}

function options(select, pairs, ...first) {
  select.replaceChildren(...first, ...pairs.map(([value, text]) => new Option(text, value)));
}

function chooseLanguage() {
  const code = $('language').value;
  options($('voice'), voices.filter((voice) => voice.language_code === code).map((voice) => [voice.voice_id, voice.name]));
  if (!$('text').value || $('text').dataset.sample === $('text').value) sample();
  changed();
}

function sample() {
  const texts = TEXTS[$('language').value] ?? TEXTS.en;
  const next = texts[(texts.indexOf($('text').value) + 1) % texts.length];
  $('text').value = $('text').dataset.sample = next;
  changed();
}

// --- the request

function fields() {
  const asked = { text: $('text').value, voice: $('voice').value, response_format: $('format').value };
  const data = new FormData(form);
  for (const name of ['style', 'text_normalization']) {
    if (data.get(name) && data.get(name) !== 'auto') asked[name] = data.get(name);
  }
  if (Number(data.get('speed')) !== 1) asked.speed = Number(data.get('speed'));
  if (data.get('seed')) asked.seed = Number(data.get('seed'));
  if (reference) {
    delete asked.voice;
    asked.reference_audio = reference;
    if (data.get('reference_transcript')) asked.reference_transcript = data.get('reference_transcript');
  }
  return asked;
}

function changed() {
  const length = [...$('text').value].length;
  const limit = Number($('text').dataset.limit);
  $('count').textContent = limit ? `${length} of ${limit}` : '';
  $('count').classList.toggle('over', length > limit);
  $('speed-value').textContent = `${Number($('speed').value)}×`;
  $('voice').disabled = $('language').disabled = Boolean(reference);
  const origin = new URL('.', location.href).href.replace(/\/$/, '');
  $('snippet').textContent = snippets[snippet](origin, fields(), $('key').value);
}

function say(text, bad = false) {
  $('status').textContent = text;
  $('status').classList.toggle('bad', bad);
}

// --- speaking

async function speak() {
  stop();
  const asked = fields();
  const mine = new AbortController();
  running = mine;
  $('stop').disabled = false;
  say('Waiting for the first audio…');
  figures({});
  const start = performance.now();
  try {
    const response = await requestSpeech(asked, $('key').value, mine.signal);
    const spoken = await sound.receive(response, asked.response_format, start, (seen) => {
      if (seen.first !== undefined) say('Speaking…');
      figures(seen);
    });
    say(`Done: ${spoken.seconds.toFixed(1)} s of speech.`);
    const voice = reference ? 'cloned' : $('voice').selectedOptions[0].text;
    history.add({ text: asked.text, voice, ...spoken });
  } catch (error) {
    if (mine.signal.aborted) return;
    sound.stop();
    say(error.message || String(error), true);
  }
}

async function replay(spoken) {
  stop();
  $('stop').disabled = false;
  await sound.replay(spoken);
}

function stop() {
  running?.abort();
  running = undefined;
  sound.stop();
  $('stop').disabled = true;
  say('');
}

function figures({ first, seconds, rtf, bytes, gaps }) {
  $('first').textContent = first === undefined ? '–' : `${Math.round(first)} ms`;
  $('length').textContent = seconds ? `${seconds.toFixed(2)} s` : '–';
  $('rtf').textContent = rtf === undefined ? '–' : rtf.toFixed(2);
  $('gaps').textContent = gaps === undefined ? '–' : String(gaps);
  $('size').textContent = bytes ? `${(bytes / 1024).toFixed(0)} KiB` : '–';
}

// --- a voice to clone

async function take(blob, name) {
  if (blob.size > settings.cloning.max_bytes) {
    throw new Error(`The recording has ${blob.size} bytes, at most ${settings.cloning.max_bytes} are allowed.`);
  }
  reference = await base64(blob);
  $('reference').textContent = `${name}, ${(blob.size / 1024).toFixed(0)} KiB`;
  $('forget').hidden = false;
  changed();
}

function forget() {
  reference = undefined;
  $('file').value = '';
  $('reference').textContent = '';
  $('forget').hidden = true;
  changed();
}

async function record() {
  if (recorder.recording) {
    recorder.stop();
    return;
  }
  const button = $('record');
  const pressed = (is) => {
    button.setAttribute('aria-pressed', String(is));
    button.textContent = is ? '■ Stop recording' : '● Record';
  };
  try {
    await take(await recorder.record(() => pressed(true)), 'Your recording');
  } finally {
    pressed(false);
  }
}

// --- the rest of the page

async function showHealth() {
  let [good, text] = [false, 'the server does not answer'];
  try {
    const health = await getHealth();
    good = health.status === 'healthy';
    text = good ? `${health.model}, ${health.device}` : (health.reason ?? health.status);
    $('notice').textContent = health.notice ?? '';
    $('notice').hidden = !health.notice;
  } catch {
    // Said by the text above.
  }
  $('health').className = `health ${good ? 'good' : 'bad'}`;
  $('health-text').textContent = text;
  $('health-text').title = text;
}

function theme(name) {
  document.documentElement.dataset.theme = name;
  localStorage.setItem('theme', name);
  sound.draw();
}

function showTab(name) {
  snippet = name;
  for (const tab of document.querySelectorAll('[role="tab"]')) {
    const chosen = tab.id === `tab-${name}`;
    tab.setAttribute('aria-selected', String(chosen));
    tab.tabIndex = chosen ? 0 : -1;
    if (chosen) $('snippet').setAttribute('aria-labelledby', tab.id);
  }
  changed();
}

async function copy() {
  await navigator.clipboard.writeText($('snippet').textContent);
  $('copy').textContent = 'Copied';
  setTimeout(() => { $('copy').textContent = 'Copy'; }, 1500);
}

/** What may fail, made to say so where it does. */
function told(action) {
  return (...args) => Promise.resolve(action(...args)).catch((error) => say(error.message, true));
}

form.addEventListener('submit', (event) => {
  event.preventDefault();
  speak();
});
form.addEventListener('input', changed);
$('language').addEventListener('change', chooseLanguage);
$('sample').addEventListener('click', sample);
$('stop').addEventListener('click', stop);
$('file').addEventListener('change', told(() => ($('file').files[0] ? take($('file').files[0], $('file').files[0].name) : forget())));
$('record').addEventListener('click', told(record));
$('record').disabled = !Recorder.possible;
$('record').title = Recorder.possible ? '' : 'Browsers allow recording over https or on this machine only';
$('forget').addEventListener('click', forget);
$('key').addEventListener('change', told(load));
$('copy').addEventListener('click', told(copy));
$('theme').addEventListener('click', () => {
  const dark = document.documentElement.dataset.theme
    ? document.documentElement.dataset.theme === 'dark'
    : matchMedia('(prefers-color-scheme: dark)').matches;
  theme(dark ? 'light' : 'dark');
});
for (const tab of document.querySelectorAll('[role="tab"]')) {
  tab.addEventListener('click', () => showTab(tab.id.slice(4)));
  tab.addEventListener('keydown', (event) => {
    if (event.key !== 'ArrowLeft' && event.key !== 'ArrowRight') return;
    showTab(snippet === 'curl' ? 'python' : 'curl');
    $(`tab-${snippet}`).focus();
  });
}
document.addEventListener('keydown', (event) => {
  if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) form.requestSubmit();
  if (event.key === 'Escape') stop();
});

const kept = localStorage.getItem('theme');
if (kept) document.documentElement.dataset.theme = kept;
sound.draw();
showHealth();
setInterval(showHealth, HEALTH_EVERY_MS);
told(load)();

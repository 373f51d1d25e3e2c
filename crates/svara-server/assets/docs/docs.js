// The API's page: the document of this server, in an order for people.

import { $, el } from '../playground/dom.js';
import { remember, remembered } from '../playground/store.js';
import { themes } from '../playground/theme.js';
import { operationBox } from './operation.js';

// What most programs need, in this order.
const MAIN = ['POST /v1/text-to-speech', 'POST /v1/audio/speech', 'GET /v1/voices'];
// What other APIs' clients ask for; the rest of a name in brackets says whose.
const OF_OTHERS = /\((?:ElevenLabs|Vapi|vLLM-Omni|players)/;
const METHODS = new Set(['get', 'post', 'put', 'patch', 'delete']);

const listeners = [];
const site = {
  base: new URL('..', location.href).href.replace(/\/$/, ''),
  key: remembered('key') ?? '',
  onKey: (listener) => listeners.push(listener),
};

function operationsOf(document) {
  return Object.entries(document.paths).flatMap(([path, item]) => Object.entries(item)
    .filter(([method]) => METHODS.has(method))
    .map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })));
}

/** Groups with a title, an explanation, operations and whether they begin folded. */
function groupsOf(document) {
  const all = operationsOf(document);
  const isMain = ({ method, path }) => MAIN.includes(`${method} ${path}`);
  const isOther = ({ operation }) => OF_OTHERS.test(operation.summary);
  const main = MAIN.map((name) => all.find(({ method, path }) => `${method} ${path}` === name)).filter(Boolean);
  const rest = all.filter((one) => !isMain(one));
  const tagged = document.tags.map(({ name, description }) => ({
    title: name[0].toUpperCase() + name.slice(1), about: description, folded: ['operations', 'pages', 'models'].includes(name),
    operations: rest.filter((one) => !isOther(one) && one.operation.tags[0] === name),
  }));
  return [
    { title: 'First', about: 'What most programs need.', operations: main },
    ...tagged.filter(({ folded }) => !folded),
    { title: 'Other dialects', about: 'For clients of ElevenLabs, vLLM-Omni, Vapi and players of OpenAI’s API.', folded: true, operations: rest.filter(isOther) },
    ...tagged.filter(({ folded }) => folded),
  ].filter(({ operations }) => operations.length > 0);
}

function groupBox({ title, about, folded, operations }) {
  const name = [title, el('small', { textContent: about })];
  const asked = location.hash.slice(1);
  const boxes = operations.map((one) => {
    const box = operationBox(site, one, one.operation.operationId === asked);
    box.dataset.search = JSON.stringify([one.method, one.path, one.operation.summary, one.operation.description, namesIn(one.operation)]).toLowerCase();
    return box;
  });
  if (!folded) return el('section', { className: 'group' }, el('h2', {}, ...name), ...boxes);
  return el('details', { className: 'group', open: boxes.some((box) => box.open) }, el('summary', {}, ...name), ...boxes);
}

function namesIn(operation) {
  const schema = operation.requestBody?.content?.['application/json']?.schema?.$ref?.split('/').at(-1);
  return [...(operation.parameters ?? []).map(({ name }) => name), ...Object.keys(site.document.components.schemas[schema]?.properties ?? {})];
}

function filter() {
  const words = $('filter').value.toLowerCase().split(/\s+/).filter(Boolean);
  let found = 0;
  for (const box of document.querySelectorAll('.operation')) {
    box.hidden = !words.every((word) => box.dataset.search.includes(word));
    found += box.hidden ? 0 : 1;
  }
  for (const group of document.querySelectorAll('.group')) {
    group.hidden = ![...group.querySelectorAll('.operation')].some((box) => !box.hidden);
    if (words.length && group.matches('details')) group.open = !group.hidden;
  }
  $('found').textContent = words.length ? `${found} requests` : '';
}

function takeKey() {
  site.key = $('key').value;
  remember('key', $('remember-key').checked && site.key ? site.key : undefined);
  for (const listener of listeners) listener();
  if (!site.document) load();
}

async function load() {
  try {
    const response = await fetch('../openapi.json', { headers: site.key ? { authorization: `Bearer ${site.key}` } : {} });
    if (!response.ok) throw new Error(`${response.status} ${response.statusText}`);
    site.document = await response.json();
    $('failed').hidden = true;
  } catch (error) {
    $('failed').textContent = `The document of the API didn’t come: ${error.message}. Enter a key above if the server wants one.`;
    $('failed').hidden = false;
    return;
  }
  $('version').textContent = `${site.document.info.title} ${site.document.info.version}`;
  $('requests').replaceChildren(...groupsOf(site.document).map(groupBox));
  $('requests').querySelector('.operation').open ||= !location.hash;
  $(location.hash.slice(1))?.scrollIntoView();
}

$('base').textContent = site.base;
$('openai-base').textContent = `${site.base}/v1`;
$('key').value = site.key;
$('remember-key').checked = Boolean(site.key);
for (const id of ['key', 'remember-key']) $(id).addEventListener('change', takeKey);
$('filter').addEventListener('input', filter);
document.addEventListener('toggle', (event) => {
  if (event.target.matches?.('.operation') && event.target.open && event.isTrusted) window.history.replaceState(null, '', `#${event.target.id}`);
}, true);
themes();
load();

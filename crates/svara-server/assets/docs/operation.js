// One operation: what it takes, a form to try it, and the same as code.

import { button, copies, el, tabs } from '../playground/dom.js';
import { base64 } from '../playground/reference.js';
import { remember, remembered } from '../playground/store.js';
import { send } from './answer.js';
import { WRITERS, address } from './request.js';
import { allowed, bodyOf, example, fieldsOf, resolved } from './schema.js';

const RECORDINGS = new Set(['audio', 'reference_audio', 'ref_audio']);
const NAMES = { curl: 'curl', python: 'Python', javascript: 'JavaScript' };

/** An operation as a part of the page, which is made once it is opened. `site` has document, base and key. */
export function operationBox(site, { method, path, operation }, open) {
  const box = el('details', { className: 'operation', id: operation.operationId, open },
    el('summary', {}, el('span', { className: 'method', textContent: method }), el('span', { className: 'path', textContent: path }),
      el('span', { className: 'summary', textContent: operation.summary })));
  const fill = () => {
    if (box.open && box.childElementCount === 1) box.append(inside(site, method, path, operation));
  };
  box.addEventListener('toggle', fill);
  fill();
  return box;
}

function inside(site, method, path, operation) {
  const parameters = operation.parameters ?? [];
  const fields = fieldsOf(site.document, operation);
  const isSocket = '101' in operation.responses;
  const trying = new Trying(site, { method, path, operation, parameters, fields });
  const explained = el('div', {}, ...rows('Parameters', parameters.map((one) => ({ ...one, schema: resolved(site.document, one.schema) }))),
    ...rows('Fields', fields, (name, schema) => trying.put(name, example(name, schema))), ...statuses(operation));
  const tried = isSocket
    ? el('div', {}, el('p', {}, 'A WebSocket. To try it: ', el('a', { href: '../', textContent: '“While you type” in the playground' }), '.'))
    : trying.element;
  return el('div', { className: 'inside' }, ...(operation.description ? [el('p', { textContent: operation.description })] : []), tried, explained);
}

// A list of fields; a press on one puts it into the body.
function rows(title, fields, put) {
  if (fields.length === 0) return [];
  return [el('h3', { textContent: title }), el('dl', { className: 'fields' }, ...fields.map(({ name, schema, required, description }) => el('div', {},
    el('dt', {}, put ? button(name, () => put(name, schema), { title: `Put ${name} into the body` }) : el('code', { textContent: name }),
      el('span', { className: 'meta', textContent: allowed(schema) }), ...(required ? [el('b', { textContent: 'required' })] : [])),
    el('dd', { textContent: [description ?? schema.description, exampleText(name, schema)].filter(Boolean).join(' ') }))))];
}

function exampleText(name, schema) {
  if (RECORDINGS.has(name)) return '';
  const value = JSON.stringify(example(name, schema));
  return value === undefined || ['""', '[]', '{}'].includes(value) ? '' : `For example ${value}.`;
}

function statuses(operation) {
  const list = Object.entries(operation.responses).map(([status, { description }]) => el('li', { textContent: `${status}: ${description}` }));
  return [el('details', {}, el('summary', { textContent: 'Answers' }), el('ul', { className: 'statuses' }, ...list))];
}

class Trying {
  #site;
  #asked;
  #inputs = {};
  #body;
  #file;
  #note = el('p', { className: 'meta', role: 'status' });
  #answer = el('div', { className: 'answer' });
  #snippet;
  #language = remembered('docs-language') ?? 'curl';

  constructor(site, asked) {
    this.#site = site;
    this.#asked = asked;
    const { operation, parameters, fields } = asked;
    const named = parameters.map((one) => this.#input(one));
    if (operation.requestBody) {
      this.#body = el('textarea', { className: 'body', spellcheck: false, rows: 7, value: JSON.stringify(bodyOf(operation, fields), null, 2) });
    }
    const recording = fields.find(({ name }) => RECORDINGS.has(name));
    if (recording) this.#file = this.#recording(recording.name);
    const submit = el('button', { className: 'primary', textContent: 'Send' });
    const form = el('form', {}, ...named, ...(this.#body ? [el('label', {}, 'Body', this.#body)] : []), ...(this.#file ? [this.#file] : []),
      el('div', { className: 'send' }, submit, this.#note));
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.#send();
    });
    form.addEventListener('input', () => this.show());
    this.element = el('div', {}, el('h3', { textContent: 'Try it' }), form, this.#answer, this.#code());
    site.onKey(() => this.show());
    this.show();
  }

  /** Puts a field into the body. */
  put(name, value) {
    try {
      this.#body.value = JSON.stringify({ ...JSON.parse(this.#body.value || '{}'), [name]: value }, null, 2);
      this.#body.focus();
      this.show();
    } catch {
      this.#say('The body isn’t JSON: mend it first.');
    }
  }

  show() {
    this.#snippet.textContent = WRITERS[this.#language](this.#request());
  }

  #input({ name, required, schema, in: where }) {
    const input = el('input', { required: required && where === 'path', value: where === 'path' ? example(name, resolved(this.#site.document, schema)) : '', autocomplete: 'off' });
    this.#inputs[name] = input;
    return el('label', {}, name, input);
  }

  #recording(name) {
    const input = el('input', { type: 'file', accept: 'audio/*' });
    input.addEventListener('change', async () => {
      if (input.files[0]) this.put(name, await base64(input.files[0]));
    });
    return el('label', {}, `${name} from a file`, input);
  }

  #request() {
    const { method, path, operation, parameters } = this.#asked;
    const values = Object.fromEntries(Object.entries(this.#inputs).map(([name, input]) => [name, input.value]));
    const format = /"(?:response_format)":\s*"(\w+)"/.exec(this.#body?.value ?? '')?.[1];
    const sound = Object.keys(operation.responses['200']?.content ?? {}).some((type) => type.startsWith('audio/'));
    return {
      method, url: address(this.#site.base, path, parameters, values), body: this.#body?.value, type: 'application/json',
      file: sound && `speech.${format ?? 'mp3'}`, keyed: Boolean(this.#site.key),
    };
  }

  async #send() {
    const request = this.#request();
    if (request.body !== undefined) {
      try {
        JSON.parse(request.body);
      } catch (error) {
        return this.#say(`The body isn’t JSON: ${error.message}`);
      }
    }
    return send(request, this.#site.key, this.#answer, this.#note);
  }

  #say(text) {
    this.#note.textContent = text;
    this.#note.classList.add('bad');
  }

  #code() {
    const id = `code-${this.#asked.operation.operationId}`;
    this.#snippet = el('pre', { id, role: 'tabpanel', tabIndex: 0 });
    const all = Object.entries(NAMES).map(([name, text]) => el('button', {
      type: 'button', role: 'tab', id: `${id}-${name}`, textContent: text, 'data-name': name, 'aria-controls': id,
    }));
    const list = el('div', { className: 'tabs', role: 'tablist', 'aria-label': 'Language' }, ...all);
    const copy = el('button', { type: 'button', textContent: 'Copy', className: 'link' });
    copies(copy, this.#snippet);
    const box = el('div', { className: 'code' }, el('div', { className: 'head' }, list, copy), this.#snippet);
    const choose = tabs(list, (tab) => {
      this.#language = tab.dataset.name;
      remember('docs-language', this.#language);
      this.show();
    }, this.#snippet);
    choose(all.find((tab) => tab.dataset.name === this.#language) ?? all[0]);
    return box;
  }
}

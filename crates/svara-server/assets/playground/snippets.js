// The request as code to copy: three ways to ask, in three languages, chosen by tabs.

import { currentKey } from './api.js';
import { $, copies, tabs } from './dom.js';
import { remember, remembered } from './store.js';

const shell = (text) => `'${text.replaceAll("'", "'\\''")}'`;
const indented = (value, by) => JSON.stringify(value, null, by).replaceAll('\n', `\n${' '.repeat(by)}`);
const RECORDING = 'recording.wav';
// ElevenLabs' names of formats, as near as they come to ours.
const ELEVEN_FORMATS = { wav: 'wav_24000', pcm: 'pcm_24000', mp3: 'mp3_44100_128', opus: 'opus_48000_64', ulaw: 'ulaw_8000', alaw: 'alaw_8000', flac: 'flac_24000', aac: 'aac_24000_64' };

// The code that sends `fields` of svara's API by way of `api`; a recording can only be sent to svara's.
function code(api, language, origin, fields, key) {
  const asked = requests[fields.reference_audio ? 'svara' : api](fields);
  // The header for a key, and what stands before it.
  const header = asked.recording || api !== 'elevenlabs' ? ['Authorization', 'Bearer '] : ['xi-api-key', ''];
  return writers[language]({ ...asked, header, url: origin + asked.path, file: `speech.${fields.response_format}`, origin, key, api });
}

const requests = {
  svara: ({ reference_audio: recording, ...body }) => ({ path: '/v1/text-to-speech', body, recording: Boolean(recording) }),
  openai: ({ text, voice, ...rest }) => ({ path: '/v1/audio/speech', body: { model: 'svara', input: text, voice, ...rest } }),
  elevenlabs: ({ text, voice, response_format: format, speed, seed, text_normalization: normalization }) => ({
    path: `/v1/text-to-speech/${voice}/stream?output_format=${ELEVEN_FORMATS[format]}`,
    body: { text, ...(speed && { voice_settings: { speed } }), ...(seed !== undefined && { seed }),
      ...(normalization && { apply_text_normalization: normalization }) },
  }),
};

const writers = {
  curl({ url, body, recording, file, key, header }) {
    const lines = [`curl ${/[?&]/.test(url) ? shell(url) : url}`];
    if (key) lines.push(`-H "${header.join(': ')}$SVARA_API_KEY"`);
    if (recording) {
      // A recording goes as a file of a form: nobody wants it in base64 in a shell.
      lines.push(...Object.entries(body).map(([name, value]) => `--form-string ${shell(`${name}=${value}`)}`));
      lines.push(`-F reference_audio=@${RECORDING}`);
    } else {
      lines.push("-H 'Content-Type: application/json'", `-d ${shell(JSON.stringify(body, null, 2))}`);
    }
    return [...lines, `-o ${file}`].join(' \\\n  ');
  },

  python({ url, body, recording, file, origin, key, api, header: [name, before] }) {
    const secret = key ? 'os.environ["SVARA_API_KEY"]' : '"none"';
    const imports = key ? ['import os', ''] : [];
    if (api === 'openai' && !recording) {
      const { input, voice, model, response_format, speed, ...extra } = body;
      const named = Object.entries({ model, voice, input, response_format, speed })
        .filter(([, value]) => value !== undefined).map(([name, value]) => `    ${name}=${python(value)},`);
      const more = Object.keys(extra).length ? [`    extra_body=${python(extra)},`] : [];
      return [...imports, 'from openai import OpenAI', '', `client = OpenAI(base_url="${origin}/v1", api_key=${secret})`,
        'with client.audio.speech.with_streaming_response.create(', ...named, ...more, ') as speech:',
        `    speech.stream_to_file("${file}")`].join('\n');
    }
    const send = recording ? 'data=request, files=files' : 'json=request';
    const headers = key ? `, headers={"${name}": ${before && `"${before}" + `}${secret}}` : '';
    return [...imports, 'import httpx', '', `request = ${python(body)}`,
      ...(recording ? [`files = {"reference_audio": open("${RECORDING}", "rb")}`] : []),
      `with httpx.stream("POST", "${url}", ${send}${headers}, timeout=60) as speech:`,
      '    speech.raise_for_status()',
      `    with open("${file}", "wb") as file:`,
      '        for chunk in speech.iter_bytes():',
      '            file.write(chunk)'].join('\n');
  },

  javascript({ url, body, recording, file, key, header: [name, before] }) {
    const auth = key ? `'${name}': \`${before}\${process.env.SVARA_API_KEY}\`` : '';
    const imports = [`import { ${recording ? 'openAsBlob, ' : ''}createWriteStream } from 'node:fs';`,
      "import { pipeline } from 'node:stream/promises';", ''];
    const form = recording ? ['const body = new FormData();',
      ...Object.entries(body).map(([name, value]) => `body.append(${JSON.stringify(name)}, ${JSON.stringify(String(value))});`),
      `body.append('reference_audio', await openAsBlob('${RECORDING}'), '${RECORDING}');`, ''] : [];
    const headers = [recording ? '' : "'Content-Type': 'application/json'", auth].filter(Boolean).join(', ');
    return [...imports, ...form, `const speech = await fetch('${url}', {`, "  method: 'POST',",
      ...(headers ? [`  headers: { ${headers} },`] : []),
      recording ? '  body,' : `  body: JSON.stringify(${indented(body, 2)}),`, '});',
      'if (!speech.ok) throw new Error(await speech.text());',
      `await pipeline(speech.body, createWriteStream('${file}'));`].join('\n');
  },
};

function python(value, indent = '') {
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value !== 'object') return JSON.stringify(value);
  const inner = `${indent}    `;
  const lines = Object.entries(value).map(([name, one]) => `${inner}${JSON.stringify(name)}: ${python(one, inner)},`);
  return `{\n${lines.join('\n')}\n${indent}}`;
}

/** Gives a function to call when the request has changed; `fields` gives it. */
export function codeTabs(fields) {
  const chosen = remembered('code') ?? { api: 'svara', language: 'curl' };
  const show = () => {
    const origin = new URL('.', location.href).href.replace(/\/$/, '');
    const asked = fields();
    $('snippet').textContent = code(chosen.api, chosen.language, origin, asked, currentKey());
    $('code-note').hidden = !(asked.reference_audio && chosen.api !== 'svara');
  };
  for (const [list, name] of [['apis', 'api'], ['code-languages', 'language']]) {
    const choose = tabs($(list), (tab) => {
      chosen[name] = tab.dataset.name;
      remember('code', chosen);
      show();
    }, $('snippet'));
    choose($(list).querySelector(`[data-name="${chosen[name]}"]`) ?? $(list).querySelector('[role="tab"]'));
  }
  copies($('copy'), $('snippet'));
  return show;
}

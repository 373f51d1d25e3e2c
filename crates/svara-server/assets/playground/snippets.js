// The request as code to copy.

const shell = (text) => `'${text.replaceAll("'", "'\\''")}'`;

function withoutSound(fields) {
  const { reference_audio: sound, ...rest } = fields;
  return sound ? { ...rest, reference_audio: '<base64 of the recording>' } : rest;
}

export function curl(origin, fields, key) {
  const lines = [`curl ${origin}/v1/text-to-speech`];
  if (key) lines.push(`-H "Authorization: Bearer $SVARA_API_KEY"`);
  lines.push("-H 'Content-Type: application/json'");
  lines.push(`-d ${shell(JSON.stringify(withoutSound(fields), null, 2))}`);
  lines.push(`-o speech.${fields.response_format}`);
  return lines.join(' \\\n  ');
}

const python_value = (value) => (typeof value === 'boolean' ? (value ? 'True' : 'False') : JSON.stringify(value));

export function python(origin, fields, key) {
  const entries = Object.entries(withoutSound(fields)).map(([name, value]) => `    ${JSON.stringify(name)}: ${python_value(value)},`);
  const headers = key ? ', headers={"Authorization": f"Bearer {os.environ[\'SVARA_API_KEY\']}"}' : '';
  return [
    ...(key ? ['import os', ''] : []),
    'import httpx',
    '',
    'request = {',
    ...entries,
    '}',
    `with httpx.stream("POST", "${origin}/v1/text-to-speech", json=request${headers}, timeout=60) as speech:`,
    '    speech.raise_for_status()',
    `    with open("speech.${fields.response_format}", "wb") as file:`,
    '        for chunk in speech.iter_bytes():',
    '            file.write(chunk)',
  ].join('\n');
}

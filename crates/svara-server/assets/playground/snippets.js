// The request as code to copy.

const shell = (text) => `'${text.replaceAll("'", "'\\''")}'`;

const RECORDING = 'recording.wav';

function entries(fields) {
  return Object.entries(fields).filter(([name]) => name !== 'reference_audio');
}

export function curl(origin, fields, key) {
  const lines = [`curl ${origin}/v1/text-to-speech`];
  if (key) lines.push(`-H "Authorization: Bearer $SVARA_API_KEY"`);
  if (fields.reference_audio) {
    // A recording goes as a file of a form: nobody wants it in base64 in a shell.
    lines.push(...entries(fields).map(([name, value]) => `--form-string ${shell(`${name}=${value}`)}`));
    lines.push(`-F reference_audio=@${RECORDING}`);
  } else {
    lines.push("-H 'Content-Type: application/json'");
    lines.push(`-d ${shell(JSON.stringify(fields, null, 2))}`);
  }
  lines.push(`-o speech.${fields.response_format}`);
  return lines.join(' \\\n  ');
}

const python_value = (value) => (typeof value === 'boolean' ? (value ? 'True' : 'False') : JSON.stringify(value));

export function python(origin, fields, key) {
  const cloned = Boolean(fields.reference_audio);
  const request = entries(fields).map(([name, value]) => `    ${JSON.stringify(name)}: ${python_value(value)},`);
  const body = cloned ? 'data=request, files=files' : 'json=request';
  const headers = key ? ', headers={"Authorization": f"Bearer {os.environ[\'SVARA_API_KEY\']}"}' : '';
  return [
    ...(key ? ['import os', ''] : []),
    'import httpx',
    '',
    'request = {',
    ...request,
    '}',
    ...(cloned ? [`files = {"reference_audio": open("${RECORDING}", "rb")}`] : []),
    `with httpx.stream("POST", "${origin}/v1/text-to-speech", ${body}${headers}, timeout=60) as speech:`,
    '    speech.raise_for_status()',
    `    with open("speech.${fields.response_format}", "wb") as file:`,
    '        for chunk in speech.iter_bytes():',
    '            file.write(chunk)',
  ].join('\n');
}

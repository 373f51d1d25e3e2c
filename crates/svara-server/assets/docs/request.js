// A request as it is to be sent, and as code in three languages.

const shell = (text) => `'${text.replaceAll("'", "'\\''")}'`;

/** The address of an operation with the values of its parameters, by name. Empty ones are left out. */
export function address(base, path, parameters, values) {
  let filled = path;
  const query = new URLSearchParams();
  for (const { name, in: where } of parameters) {
    const value = values[name] ?? '';
    if (where === 'path') filled = filled.replace(`{${name}}`, encodeURIComponent(value));
    else if (where === 'query' && value !== '') query.set(name, value);
  }
  const search = query.size ? `?${query}` : '';
  return base.replace(/\/$/, '') + filled + search;
}

/** `{ method, url, body, type, sound, keyed }` as code. */
export const WRITERS = {
  curl({ method, url, body, type, file, keyed }) {
    const lines = [`curl ${method === 'GET' || (method === 'POST' && body !== undefined) ? '' : `-X ${method} `}${shell(url)}`];
    if (keyed) lines.push('-H "Authorization: Bearer $SVARA_API_KEY"');
    if (body !== undefined) lines.push(`-H 'Content-Type: ${type}'`, `-d ${shell(body)}`);
    if (file) lines.push(`-o ${file}`);
    return lines.join(' \\\n  ');
  },

  python({ method, url, body, type, file, keyed }) {
    const headers = [...(keyed ? ['"Authorization": "Bearer " + os.environ["SVARA_API_KEY"]'] : []),
      ...(body === undefined ? [] : [`"Content-Type": "${type}"`])];
    const more = [headers.length ? `    headers={${headers.join(', ')}},` : '', body === undefined ? '' : `    content=${JSON.stringify(body)}.encode(),`];
    return [...(keyed ? ['import os', ''] : []), 'import httpx', '', 'answer = httpx.request(', `    "${method}", "${url}",`,
      ...more.filter(Boolean), '    timeout=60,', ')', 'answer.raise_for_status()',
      file ? `open("${file}", "wb").write(answer.content)` : 'print(answer.text)'].join('\n');
  },

  javascript({ method, url, body, type, file, keyed }) {
    const headers = [...(keyed ? ['Authorization: `Bearer ${process.env.SVARA_API_KEY}`'] : []), ...(body === undefined ? [] : [`'Content-Type': '${type}'`])];
    return [...(file ? ["import { writeFile } from 'node:fs/promises';", ''] : []), `const answer = await fetch(${JSON.stringify(url)}, {`, `  method: '${method}',`,
      ...(headers.length ? [`  headers: { ${headers.join(', ')} },`] : []), ...(body === undefined ? [] : [`  body: ${JSON.stringify(body)},`]), '});',
      'if (!answer.ok) throw new Error(await answer.text());',
      file ? `await writeFile('${file}', Buffer.from(await answer.arrayBuffer()));` : 'console.log(await answer.text());'].join('\n');
  },
};

// Answers with times: one JSON object per line, with parts of the file and, behind each piece, its words.

/** The bytes of base64. */
export function bytesOf(base64) {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i += 1) bytes[i] = text.charCodeAt(i);
  return bytes;
}

/** The objects of a body, each as soon as its line is complete; with the bytes that arrived since the last one. */
export async function* lines(body) {
  const text = new TextDecoder();
  let rest = '';
  let arrived = 0;
  for (const reader = body.getReader(); ;) {
    const { done, value } = await reader.read();
    if (done) break;
    arrived += value.length;
    const parts = (rest + text.decode(value, { stream: true })).split('\n');
    rest = parts.pop();
    for (const part of parts) {
      if (!part.trim()) continue;
      yield { ...JSON.parse(part), arrived };
      arrived = 0;
    }
  }
}

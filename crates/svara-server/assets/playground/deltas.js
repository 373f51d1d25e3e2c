// What a language model streamed, as it was pasted: its parts of text.

// Where APIs have the text of an event.
const TEXTS = [
  (event) => event.choices?.[0]?.delta?.content,
  (event) => event.choices?.[0]?.text,
  (event) => event.delta?.text,
  (event) => (typeof event.delta === 'string' ? event.delta : undefined),
  (event) => event.message?.content,
  (event) => event.response,
];

/** Parts of text from server-sent events or lines of JSON; of any other text, its words. */
export function deltas(pasted) {
  const lines = pasted.split('\n').map((line) => line.replace(/^data:\s*/, '').trim());
  const events = lines.filter((line) => line.startsWith('{')).map(parsed).filter(Boolean);
  if (events.length === 0) return pasted.match(/\s*\S+\s*/g) ?? [];
  return events.map((event) => TEXTS.map((text) => text(event)).find((text) => typeof text === 'string')).filter(Boolean);
}

function parsed(line) {
  try {
    return JSON.parse(line);
  } catch {
    // Cut off where it was copied.
    return undefined;
  }
}

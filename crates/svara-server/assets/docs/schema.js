// What the document says of values, in words and examples.

// Where a schema can't say what a value looks like.
const LOOKS = {
  text: 'नमस्ते दुनिया', input: 'नमस्ते दुनिया', voice: 'hi_female', name: 'Asha', consent: true, response_format: 'wav', stream: true, speed: 1.1,
  style: 'happy', instructions: 'a happy voice', seed: 42, timestamps: 'word', language: 'hi', language_code: 'hi', lang: 'hi',
  text_normalization: 'auto', sample_rate: 24000, output_format: 'mp3_44100_128', bitrate_kbps: 64, volume: 1.2, gain_db: 3,
  temperature: 0.75, top_p: 0.9, top_k: 40, repetition_penalty: 1.1, max_tokens: 2048, model: 'svara', voice_id: 'hi_female', number: 0,
};

/** A schema without references and without null, as far as needed to describe it. */
export function resolved(document, schema = {}) {
  if (schema.$ref) return resolved(document, at(document, schema.$ref));
  const choice = schema.oneOf ?? schema.anyOf ?? schema.allOf;
  const kinds = choice?.filter((one) => one.type !== 'null') ?? [];
  if (kinds.length === 1) return { ...resolved(document, kinds[0]), description: schema.description ?? kinds[0].description };
  return schema;
}

function at(document, reference) {
  return reference.replace(/^#\//, '').split('/').reduce((value, name) => value?.[name.replaceAll('~1', '/').replaceAll('~0', '~')], document) ?? {};
}

const types = (schema) => [schema.type ?? []].flat().filter((type) => type !== 'null');

/** Which values are allowed, in words. */
export function allowed(schema) {
  const values = schema.enum?.filter((value) => value !== null);
  if (values?.length) return values.join(' · ');
  const parts = [types(schema).join(' or ') || (schema.oneOf ? 'one of several' : '')];
  const least = schema.minimum ?? schema.minLength ?? schema.minItems;
  const most = schema.maximum ?? schema.maxLength ?? schema.maxItems;
  const over = schema.exclusiveMinimum;
  const unit = schema.maxLength !== undefined ? ' characters' : '';
  // What a script can't hold exactly would be shown wrong.
  const shown = most > Number.MAX_SAFE_INTEGER ? `2^${Math.round(Math.log2(most))} − 1` : most;
  if (over !== undefined) parts.push(`above ${over}`);
  if (least !== undefined && most !== undefined) parts.push(`${least} to ${shown}${unit}`);
  else if (most !== undefined) parts.push(`up to ${shown}${unit}`);
  else if (least !== undefined) parts.push(`from ${least}${unit}`);
  if (schema.default !== undefined && schema.default !== null) parts.push(`default ${JSON.stringify(schema.default)}`);
  return parts.filter(Boolean).join(', ');
}

/** A value that the schema allows. */
export function example(name, schema) {
  const { examples = [], default: usual, enum: values } = schema;
  if (schema.example !== undefined) return schema.example;
  if (examples.length) return examples[0];
  if (name in LOOKS && (!values || values.includes(LOOKS[name]))) return LOOKS[name];
  if (values) return values.find((value) => value !== null);
  if (usual !== undefined && usual !== null) return usual;
  const type = types(schema)[0];
  return { boolean: true, array: [], object: {}, string: '' }[type] ?? Math.max(schema.minimum ?? 1, Math.min(1, schema.maximum ?? 1));
}

/** The fields of a body: name, schema, whether it must be there. Empty if the body isn't JSON. */
export function fieldsOf(document, operation) {
  const schema = resolved(document, operation.requestBody?.content?.['application/json']?.schema);
  const required = schema.required ?? [];
  const fields = Object.entries(schema.properties ?? {}).map(([name, value]) => ({
    name, schema: resolved(document, value), required: required.includes(name),
  }));
  // What must be there comes first, then what is most asked for.
  const names = Object.keys(LOOKS);
  const rank = ({ name, required }) => (required ? -1 : names.includes(name) ? names.indexOf(name) : names.length);
  return fields.sort((a, b) => rank(a) - rank(b));
}

/** A body to begin with: the document's example, or what must be there. */
export function bodyOf(operation, fields) {
  const given = operation.requestBody?.content?.['application/json']?.example;
  if (given) return given;
  return Object.fromEntries(fields.filter(({ required }) => required).map(({ name, schema }) => [name, example(name, schema)]));
}

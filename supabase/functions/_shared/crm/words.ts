// Longer than any CRM's id; also keeps an index entry small.
const MAX_LENGTH = 200;

const MAX_DEPTH = 16;

// deno-lint-ignore no-control-regex
const CONTROL = /[\u0000-\u001f\u007f]/g;

/** The first of these that is a usable text or number, as text; null when none is. */
export function word(...values: unknown[]): string | null {
  for (const value of values) {
    const text = typeof value === 'number' ? String(value) : typeof value === 'string' ? clean(value).trim() : '';
    if (text && text.length <= MAX_LENGTH) return text;
  }
  return null;
}

/** The field of an object, whatever it is given. */
export function field(value: unknown, name: string): unknown {
  return value !== null && typeof value === 'object' && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined;
}

/** A parsed body as Postgres can store it: without null bytes, half surrogates and bottomless nesting. */
export function storable(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return value.replaceAll('\0', '\uFFFD').toWellFormed();
  if (value === null || typeof value !== 'object') return value;
  if (depth === MAX_DEPTH) return '…';
  if (Array.isArray(value)) return value.map((item) => storable(item, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [storable(name), storable(item, depth + 1)]),
  );
}

/** Whether a time in milliseconds is less than five minutes from now. */
export function isFresh(time: number): boolean {
  return Math.abs(Date.now() - time) <= 5 * 60 * 1000;
}

function clean(text: string): string {
  return text.replace(CONTROL, '').toWellFormed();
}

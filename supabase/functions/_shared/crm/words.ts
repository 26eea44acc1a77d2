// Longer than any CRM's id; also keeps an index entry small.
const MAX_LENGTH = 200;

const MAX_DEPTH = 16;

// deno-lint-ignore no-control-regex
const CONTROL = /[\u0000-\u001f\u007f]/g;

/** The first of these that is a usable text or whole number, as text; null when none is. */
export function word(...values: unknown[]): string | null {
  for (const value of values) {
    const text = typeof value === 'string' ? clean(value).trim() : digits(value);
    if (text && text.length <= MAX_LENGTH) return text;
  }
  return null;
}

// A number that JSON has rounded may be the id of another contact.
function digits(value: unknown): string {
  return Number.isSafeInteger(value) ? String(value) : '';
}

/** The field of an object, whatever it is given. */
export function field(value: unknown, name: string): unknown {
  return value !== null && typeof value === 'object' && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined;
}

const CAME_TO_NOTHING = /^(lost|abandoned|cancell?ed|no[ _-]?show(ed)?|invalid|void(ed)?|declined|rejected|deleted)$/i;

// HighLevel writes `appoinmentStatus`.
const STATUS_FIELDS = ['status', 'appointmentStatus', 'appoinmentStatus', 'opportunityStatus'];
const PLACES = ['', 'appointment.', 'opportunity.'];

/** The fields that give an event a negative outcome, as a condition names them; in the event itself or in its `data`. */
export function negativesIn(told: unknown): string[] {
  const at = (path: string) => {
    const find = (value: unknown) => path.split('.').reduce<unknown>(field, value);
    return find(told) ?? find(field(told, 'data'));
  };
  const statuses = PLACES.flatMap((place) => STATUS_FIELDS.map((name) => place + name));
  const tags = at('tags');
  return [
    ...statuses.filter((path) => CAME_TO_NOTHING.test(String(at(path) ?? '').trim())),
    ...(tags === '' || (Array.isArray(tags) && tags.length === 0) ? ['tags'] : []),
    ...(at('associationRemoved') === true ? ['associationRemoved'] : []),
  ];
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

const MINUTE_MS = 60 * 1000;
const CLOCK_SKEW_MINUTES = 5;

/** Whether a time in milliseconds is not longer ago than that, and not ahead of our clock by more than clocks differ. */
export function isFresh(time: number, maxAgeMinutes = CLOCK_SKEW_MINUTES): boolean {
  const age = Date.now() - time;
  return age <= maxAgeMinutes * MINUTE_MS && age >= -CLOCK_SKEW_MINUTES * MINUTE_MS;
}

function clean(text: string): string {
  return text.replace(CONTROL, '').toWellFormed();
}

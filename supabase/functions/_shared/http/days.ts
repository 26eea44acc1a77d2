const DAY = /^(?:19|[2-9]\d)\d{2}-\d{2}-\d{2}$/;
const MOMENT =
  /^(?<day>.{10})T(?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d{1,9})?)?(?:Z|[+-](?:(?:0\d|1[0-3]):[0-5]\d|14:00))$/i;

/** A day of the calendar that is written YYYY-MM-DD, trimmed, or null; the database reads days by the same rule. */
export function dayOf(text: string): string | null {
  const day = text.trim();
  if (!DAY.test(day)) return null;
  const date = new Date(`${day}T00:00:00Z`);
  return !Number.isNaN(date.valueOf()) && date.toISOString().startsWith(day) ? day : null;
}

/** A moment in ISO 8601 with Z or an offset (±hh:mm), trimmed, or null. */
export function momentOf(text: string): string | null {
  const moment = text.trim();
  const day = MOMENT.exec(moment)?.groups?.day;
  return day && dayOf(day) ? moment : null;
}

/** The notations of days that a file may name as its `dateFormat`. */
export const DATE_FORMATS = [
  'YYYY-MM-DD',
  'MM/DD/YYYY',
  'DD/MM/YYYY',
  'DD.MM.YYYY',
  'DD-MM-YYYY',
  'MM-DD-YYYY',
  'YYYY/MM/DD',
] as const;

/** One of the notations that a file may name. */
export type DateFormat = (typeof DATE_FORMATS)[number];

/** A day in the notation of a file as YYYY-MM-DD, or null; other notations than ISO may leave out leading zeros. */
export function dayIn(text: string, format: DateFormat): string | null {
  if (format === 'YYYY-MM-DD') return dayOf(text);
  const parts = partsIn(text, format);
  return parts && dayOf(`${parts.YYYY}-${parts.MM.padStart(2, '0')}-${parts.DD.padStart(2, '0')}`);
}

/** Whether a text shows that its file writes day and month in the other order than the format says. */
export function showsOtherOrder(text: string, format: DateFormat): boolean {
  const parts = partsIn(text, format);
  return !!parts && Number(parts.MM) > 12 && Number(parts.DD) >= 1 && Number(parts.DD) <= 12;
}

/** Whether a text is a day in a notation where month and day are ambiguous (03/04/2027). */
export function isUnclearDay(text: string): boolean {
  return /^\d{1,2}([/.-])\d{1,2}\1(\d{2}|\d{4})$/.test(text.trim());
}

const PATTERNS = Object.fromEntries(DATE_FORMATS.map((format) => {
  const pattern = format.replace(/[/.]/g, '\\$&').replace('YYYY', '(?<YYYY>\\d{4})')
    .replace('MM', '(?<MM>\\d{1,2})').replace('DD', '(?<DD>\\d{1,2})');
  return [format, new RegExp(`^${pattern}$`)];
})) as Record<DateFormat, RegExp>;

function partsIn(text: string, format: DateFormat): Record<'YYYY' | 'MM' | 'DD', string> | null {
  return (PATTERNS[format].exec(text.trim())?.groups ?? null) as ReturnType<typeof partsIn>;
}

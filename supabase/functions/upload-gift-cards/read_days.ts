import { type CardRow, placeOf } from '../_shared/gift_cards/card_file.ts';
import { DATE_FORMATS, type DateFormat, dayIn, isUnclearDay, showsOtherOrder } from '../_shared/http/days.ts';
import { badRequest } from '../_shared/http/errors.ts';

/**
 * The expiration day of each row as YYYY-MM-DD, or null where there is none or none that can be read. A file that writes its
 * days otherwise without saying how, or against its `dateFormat`, is refused whole: a guess would be wrong for all rows.
 * A file with ISO days is in ISO, and a row in another notation is refused alone.
 */
export function readDays(rows: CardRow[], dateFormat: DateFormat | null): (string | null)[] {
  const format = dateFormat ?? 'YYYY-MM-DD';
  const isAsked = dateFormat === null && !rows.some(({ expirationDate }) => dayIn(expirationDate, format));
  const seen = new Set<string>();
  rows.forEach((row, index) => {
    const { expirationDate } = row;
    if (seen.has(expirationDate)) return;
    seen.add(expirationDate);
    if (isAsked && isUnclearDay(expirationDate)) {
      const notation = `is not YYYY-MM-DD; name its notation: ${DATE_FORMATS.slice(1).join(', ')}`;
      throw badRequest({
        field: 'dateFormat',
        problem: `is required: ${placeOf(row, index)} has an expiration date that ${notation}`,
      });
    }
    if (showsOtherOrder(expirationDate, format)) {
      throw badRequest({
        field: 'dateFormat',
        problem: `is ${format}, but ${placeOf(row, index)} has its day and month in the other order`,
      });
    }
  });
  // The cards of a file share a few days.
  const days = new Map<string, string | null>();
  return rows.map(({ expirationDate: cell }) => {
    if (!days.has(cell)) days.set(cell, dayIn(cell, format));
    return days.get(cell)!;
  });
}

import { cellOf, describeTable, type Layout, MAX_ROWS, readTable, tooManyRows } from '../_shared/files/table.ts';
import { assertPart, hashOf, type Part, readBody, readSent } from '../_shared/files/upload.ts';
import { uuid } from '../_shared/http/fields.ts';
import { check } from '../_shared/http/parse.ts';
import { file, json } from './contract.ts';

/** A parsed list of recipients, each as it was written: the database reads its fields. */
export interface List {
  campaignId: string;
  pattern: string;
  allowSharedContact: boolean;
  part: Part;
  recipients: Record<string, unknown>[];
  lines: { line?: number }[];
  hash: string;
  fileName: string | null;
  /** How a file was read; JSON has no encoding, delimiter and header. */
  table: ReturnType<typeof describeTable> | null;
}

const FIELDS = ['firstName', 'lastName', 'email', 'phone', 'externalCrmId', 'state', 'country'] as const;

type Field = (typeof FIELDS)[number];

// Column names of CRMs, shops and mail programs.
const NAMES: Record<Field, string> = {
  firstName: 'first name | firstname | given name | forename | first | vorname',
  lastName: 'last name | lastname | surname | family name | last | nachname',
  email:
    'email | e-mail | email address | mail | billing email | customer email | contact email | primary email | work email',
  phone:
    `phone | phone number | telephone | telephone number | tel | mobile | mobile phone | mobile number | cell | cell phone
    | cell number | billing phone | customer phone | contact phone | primary phone`,
  externalCrmId: 'external crm id | external id | crm id | contact id | record id | customer id',
  state: 'state | province | region | billing state',
  country: 'country | country code | billing country',
};

const canonical = (name: string) => name.toLowerCase().replace(/[^a-z0-9]/g, '');

const COLUMNS = new Map(
  FIELDS.flatMap((field) => NAMES[field].split('|').map((name) => [canonical(name), field] as const)),
);

const LAYOUT: Layout<Field> = {
  fields: FIELDS,
  fieldsOf: (header) => header.map((name) => COLUMNS.get(canonical(name))),
  needed: ['email', 'phone', 'externalCrmId', 'lastName', 'firstName'],
  accepted: 'e-mail address, phone number, mobile, crm id, contact id, first name, surname, …',
  rows: 'recipients',
};

const DEFAULT_PATTERN = '****-****-****';

const NAMES_OF_FILES = Object.keys(file.shape);
const NAMES_OF_JSON = Object.keys(json.shape).filter((name) => name !== 'recipients');

/** Reads a list in any of its three media types; one that is malformed is refused whole. */
export async function readList(bytes: Uint8Array<ArrayBuffer>, request: Request): Promise<List> {
  const sent = await readSent(bytes, request, NAMES_OF_FILES);
  if ('json' in sent) {
    const said = Object.fromEntries(NAMES_OF_JSON.map((name) => [name, sent.said[name]]));
    const body = readBody({ ...sent, said }, json.extend({ campaignId: uuid }));
    const { campaignId, recipients, pattern, allowSharedContact, fileName = null, ...part } = body;
    assertPart(part);
    if (recipients.length > MAX_ROWS) throw tooManyRows();
    return {
      ...settled({ campaignId, pattern, allowSharedContact, part, fileName }),
      recipients,
      lines: [],
      hash: hashOf(sent.json),
      table: null,
    };
  }
  const { campaignId, pattern, allowSharedContact, encoding, mapping, fileName: _name, ...part } = check(
    sent.said,
    file,
  );
  assertPart(part);
  const table = readTable(sent.file, LAYOUT, { encoding, mapping });
  const recipients = table.rows.map((row) => {
    const recipient: Record<string, string> = {};
    for (const field of FIELDS) {
      const cell = cellOf(row, table, field);
      if (cell) recipient[field] = cell;
    }
    return recipient;
  });
  return {
    ...settled({ campaignId, pattern, allowSharedContact, part, fileName: sent.name }),
    recipients,
    lines: table.rows,
    hash: hashOf(sent.file, encoding, mapping && JSON.stringify(mapping)),
    table: describeTable(table),
  };
}

interface Said {
  campaignId: string;
  pattern?: string | null;
  allowSharedContact?: boolean | null;
  part: Part;
  fileName?: string | null;
}

function settled({ campaignId, pattern, allowSharedContact, part, fileName }: Said) {
  return {
    campaignId,
    pattern: pattern ?? DEFAULT_PATTERN,
    allowSharedContact: allowSharedContact ?? false,
    part,
    fileName: fileName ?? null,
  };
}

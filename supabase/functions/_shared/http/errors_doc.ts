// Generates docs/errors.md.
import { catalogue, type CatalogueEntry } from './errors.ts';

const FAMILIES: Record<string, string> = {
  GC: 'Gift cards',
  VC: 'Vouchers, packages and payments',
  WL: 'Wallet',
  RB: 'All functions',
};

const INTRO = `# Error codes

A refused request gets the status below and a body of this shape:

\`\`\`json
{
  "error": {
    "code": "GC-003",
    "message": "No inventory available: No available gift cards in pool.",
    "solution": "Upload cards or configure Tillo; …",
    "requestId": "0b6c5c7e-6f0e-4c38-9f4e-0c6a2a1f6f10"
  }
}
\`\`\`

\`requestId\` is also in the header \`x-request-id\` and in every log line and trace row of the request. Some codes
carry more: \`fields\` (GC-012, RB-400: what is wrong with which field), \`retryAfter\` (RB-429, with the header \`Retry-After\`),
\`missing\` (RB-503: the secret), \`reason\` (RB-401).

This page is generated from \`supabase/functions/_shared/http/errors.ts\`; do not edit it.
`;

const HEADER = ['Code', 'Status', 'Message', 'Solution'];

console.log([INTRO, ...Object.keys(FAMILIES).map(section)].join('\n').trimEnd());

function section(family: string): string {
  const rows = Object.entries<CatalogueEntry>(catalogue)
    .filter(([code]) => code.startsWith(`${family}-`))
    .map(([code, { status, message, solution }]) => [code, String(status), message, solution]);
  return `## ${FAMILIES[family]}\n\n${table([HEADER, ...rows])}\n`;
}

// Padded as `deno fmt` would, so that printing the page again changes nothing.
function table(rows: string[][]): string {
  const widths = HEADER.map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  const rule = widths.map((width) => '-'.repeat(width));
  return rows.toSpliced(1, 0, rule)
    .map((row) => `| ${row.map((cell, column) => cell.padEnd(widths[column])).join(' | ')} |`)
    .join('\n');
}

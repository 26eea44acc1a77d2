/**
 * Patch: lite turns the values of filters into JavaScript values before it knows the column's type, so a phone number loses its
 * plus sign and a long number its digits. PostgREST leaves them to the column's type. Lite keeps what is quoted as it is.
 */

const COMPARISON = /^((?:not\.)?(?:eq|neq|gt|gte|lt|lte)\.)(.*)$/s;
const MEMBERSHIP = /^((?:not\.)?in\.)\((.*)\)$/s;
const CONDITION = /^(.+?\.)((?:not\.)?(?:eq|neq|gt|gte|lt|lte|in)\..*)$/s;
const TREE = /^((?:not\.)?(?:and|or))\((.*)\)$/s;

/** The same REST request with every value that lite would misread in quotes. */
export function quoteFilters(request: Request): Request {
  const url = new URL(request.url);
  const given = [...url.searchParams];
  const quoted = given.map(([name, value]) => [name, isTree(name) ? quoteTree(value) : quoteFilter(value)]);
  if (given.every(([, value], n) => value === quoted[n][1])) return request;
  url.search = new URLSearchParams(quoted).toString();
  return new Request(url, request);
}

/** `or=(…)`, `not.and=(…)`, and those of an embedded table: `campaign.or=(…)`. */
function isTree(name: string): boolean {
  return /(^|\.)(and|or)$/.test(name);
}

function quoteFilter(filter: string): string {
  const [, comparison, value] = COMPARISON.exec(filter) ?? [];
  if (comparison) return comparison + quoteValue(value);
  const [, membership, values] = MEMBERSHIP.exec(filter) ?? [];
  return membership ? `${membership}(${split(values).map(quoteValue).join(',')})` : filter;
}

/** The conditions of a logic tree: `(phone.eq.+1202,and(a.eq.1,b.eq.2))`. */
function quoteTree(tree: string): string {
  if (!tree.startsWith('(') || !tree.endsWith(')')) return tree;
  const branches = split(tree.slice(1, -1)).map((branch) => {
    const [, operator, inner] = TREE.exec(branch) ?? [];
    if (operator) return operator + quoteTree(`(${inner})`);
    const [, column, filter] = CONDITION.exec(branch) ?? [];
    return column ? column + quoteFilter(filter) : branch;
  });
  return `(${branches.join(',')})`;
}

/** Splits at commas that are in no quotes, parentheses or braces. */
function split(list: string): string[] {
  const items = [''];
  let depth = 0;
  let isQuoted = false;
  for (let at = 0; at < list.length; at++) {
    const character = list[at];
    if (character === '\\' && isQuoted) items[items.length - 1] += list[at++];
    else if (character === '"') isQuoted = !isQuoted;
    else if (!isQuoted && '({'.includes(character)) depth++;
    else if (!isQuoted && ')}'.includes(character)) depth--;
    if (character === ',' && depth === 0 && !isQuoted) items.push('');
    else items[items.length - 1] += list[at];
  }
  return items;
}

function quoteValue(value: string): string {
  const isMisread = value === '' || value !== value.trim() || Number.isFinite(Number(value)) ||
    /^(true|false|null|not_null|unknown)$/i.test(value);
  return isMisread && !value.includes('"') ? `"${value}"` : value;
}

import assert from 'node:assert/strict';
import { loadContracts } from '../../local/tools/checks/contracts.ts';
import { type Contract, sharedCodes, statusOf } from '../../supabase/functions/_shared/http/contract.ts';

/** The contracts of all edge functions, by their names. */
export const contracts = await loadContracts();

interface Answer {
  status: number;
  headers: Headers;
  text: string;
  // deno-lint-ignore no-explicit-any
  body: any;
}

/** Fails unless an answer of a function is one that its contract describes. */
export function assertFitsContract(path: string, { status, headers, text, body }: Answer): void {
  const contract = contracts.get(path.split('/')[0]);
  if (!contract) return;
  const type = headers.get('content-type')?.split(';')[0] ?? null;
  const problem = status >= 300 ? problemOfRefusal(contract, body) : problemOfSuccess(contract, status, type, body);
  assert.ok(!problem, `${contract.name}: the answer does not fit its contract: ${problem}\n${status} ${text}`);
}

function problemOfSuccess(contract: Contract, status: number, type: string | null, body: unknown): string | null {
  if (type !== 'application/json') {
    return type === (contract.file ?? null) ? null : `its media type is ${type} and not ${contract.file ?? 'JSON'}`;
  }
  if (status !== statusOf(contract)) return `its status is not ${statusOf(contract)}`;
  if (contract.answer === null) return 'it is JSON';
  const { requestId, ...resource } = body as Record<string, unknown>;
  if (typeof requestId !== 'string') return 'it has no requestId';
  const { error } = contract.answer.safeParse(resource);
  return error ? JSON.stringify(error.issues) : null;
}

/** Refusals of the gateway, which have no error object, are none of the function's. */
function problemOfRefusal(contract: Contract, body: { error?: { code?: unknown } } | undefined): string | null {
  const code = body?.error?.code;
  const codes: unknown[] = [...contract.codes, ...sharedCodes(contract)];
  return code === undefined || codes.includes(code) ? null : `its codes have no ${code}`;
}

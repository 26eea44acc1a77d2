/** Answers of entry points that a test calls in SQL. */

// deno-lint-ignore no-explicit-any -- each entry point has its own result
export type Answer = any;

/** The answer of an entry point, selected as `answer`; a raised refusal reads like one that is returned, as `callRpc` has it. */
export async function answerOf(query: PromiseLike<readonly { answer?: Answer }[]>): Promise<Answer> {
  try {
    return (await query)[0]?.answer;
  } catch (error) {
    const { code = '', detail } = error as { code?: string; detail?: string };
    const [, family, number] = /^(GC|VC|WL|PC|TK|OP|RB)(\d{3})$/.exec(code) ?? [];
    if (!family) throw error;
    return { outcome: 'refused', code: `${family}-${number}`, details: JSON.parse(detail || '{}') };
  }
}

/** Standard input of a child process: one line of settings, then nothing until the parent ends. */

type Lines = ReadableStreamDefaultReader<string>;

/** The first line of standard input. */
export async function firstLine(stdin: Lines): Promise<string> {
  let text = '';
  while (!text.includes('\n')) {
    const { value, done } = await stdin.read();
    if (done) break;
    text += value;
  }
  return text;
}

/** Resolves when the parent closed standard input or died, even by SIGKILL. */
export async function untilEnd(stdin: Lines): Promise<void> {
  try {
    while (!(await stdin.read()).done);
  } catch {
    // A broken pipe means the same.
  }
}

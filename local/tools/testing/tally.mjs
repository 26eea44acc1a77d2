/** Counts what passed and failed, over everything that a command runs. */

/** Thrown by a gate that cannot be tried here, with the reason. */
export class Skipped extends Error {}

/** A counter that prints each gate as it ends. */
export class Tally {
  passed = 0;
  failed = 0;

  /** Adds the counts of a whole group. */
  add({ passed, failed }) {
    this.passed += passed;
    this.failed += failed;
  }

  /** Runs a gate, which passes when `work` returns nothing and fails with the text that it returns or throws. */
  async gate(name, work) {
    const startedAt = performance.now();
    let problem;
    try {
      problem = await work();
    } catch (error) {
      if (error instanceof Skipped) return console.log(`skipped  ${name}: ${error.message}`);
      problem = error.message;
    }
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
    console.log(`${problem ? 'FAILED' : 'ok'}  ${name} (${seconds} s)`);
    if (problem) console.log(`\n${problem.trimEnd()}\n`);
    this.add(problem ? { passed: 0, failed: 1 } : { passed: 1, failed: 0 });
  }

  /** Prints the last line of a command and sets its exit code. */
  finish() {
    console.log(`\n${this.passed} passed, ${this.failed} failed`);
    process.exitCode = this.failed > 0 ? 1 : 0;
  }
}

/** URLs and keys of the stack under test, from the environment that `npm test` sets. */
export interface Stack {
  apiUrl: string;
  dbUrl: string;
  publishableKey: string;
  secretKey: string;
  jobsKey: string;
  jobsToken: string;
  sandboxUrl: string;
  logFile: string;
}

/** The stack under test. */
export const stack: Stack = {
  apiUrl: named('API_URL'),
  dbUrl: named('DB_URL'),
  publishableKey: named('PUBLISHABLE_KEY'),
  secretKey: named('SECRET_KEY'),
  jobsKey: named('JOBS_KEY'),
  jobsToken: named('JOBS_TOKEN'),
  sandboxUrl: named('SANDBOX_URL'),
  logFile: named('LOG_FILE'),
};

function named(name: string): string {
  const value = Deno.env.get(name);
  if (!value) throw new Error(`${name} is not set: run these tests with npm test`);
  return value;
}

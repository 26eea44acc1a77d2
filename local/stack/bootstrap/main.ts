/** Turns a new, empty database into a hosted Supabase project: roles, extensions and the auth schema. */
import { App } from '@supabase/lite';
import { createPostgresConnection } from '@supabase/lite/postgres';

const { url, password } = JSON.parse(await new Response(Deno.stdin.readable).text()) as {
  url: string;
  password: string;
};
const file = (name: string) => Deno.readTextFileSync(new URL(name, import.meta.url));

const connection = createPostgresConnection({ url, postgresOptions: { max: 1, onnotice() {} } });
await connection.driver.unsafe(file('1_project.sql'));
for (const role of ['postgres', 'authenticator']) {
  await connection.driver.unsafe(`alter role ${role} password '${password}'`);
}

const app = new App({ connection, auth: { enabled: true }, db: { migrations: { enabled: false } } } as never);
await app.init();
await app.ensureSystemSchema();
await connection.driver.unsafe(file('2_auth.sql'));
await connection.close();
Deno.exit();

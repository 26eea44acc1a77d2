/** The time limits that PostgREST gives a request: that of its role, or of the function that it calls. */
import type { Sql } from 'postgres';

interface Setting {
  name: string;
  setting: string;
}

/** Looks limits up; `forget` after DDL. */
export class TimeLimits {
  #sql: Sql;
  #roles: Promise<Map<string, string>> | undefined;
  #functions: Promise<Map<string, string>> | undefined;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  forget(): void {
    this.#roles = this.#functions = undefined;
  }

  /** As hosted: `alter role … set statement_timeout`, else what the role has that PostgREST signs in with. */
  async ofRole(role: string): Promise<string> {
    const limits = await (this.#roles ??= this.#read(this.#sql<Setting[]>`
      select r.rolname as name, s.setting from pg_db_role_setting d
      join pg_roles r on r.oid = d.setrole, unnest(d.setconfig) s (setting) where d.setdatabase = 0`));
    return limits.get(role) ?? limits.get('authenticator') ?? '0';
  }

  /** PostgREST hoists `set statement_timeout` of a function: inside, it would come too late for the running statement. */
  async ofFunction(path: string): Promise<string | undefined> {
    const [, name] = /\/rpc\/(\w+)/.exec(path) ?? [];
    if (!name) return undefined;
    const limits = await (this.#functions ??= this.#read(this.#sql<Setting[]>`
      select p.proname as name, s.setting from pg_proc p, unnest(p.proconfig) s (setting)
      where p.pronamespace = 'public'::regnamespace`));
    return limits.get(name);
  }

  async #read(rows: Promise<Setting[]>): Promise<Map<string, string>> {
    const limits = new Map<string, string>();
    for (const { name, setting } of await rows) {
      const [, limit] = /^statement_timeout=(.*)$/.exec(setting) ?? [];
      if (limit) limits.set(name, limit);
    }
    return limits;
  }
}

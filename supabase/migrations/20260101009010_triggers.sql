-- Triggers: Postgres calls the edge function `jobs` when there is work. `private.schedule_jobs` sets it up where pg_cron, pg_net and Vault
-- exist; nothing here needs them before. The outbox holds the work, so a lost trigger costs time and no more.

create table private.job_triggers (
  request_id bigint primary key,
  job text not null,
  triggered_at timestamptz not null default now()
);
comment on table private.job_triggers is 'Calls of the edge function jobs whose response pg_net has not reported yet.';

-- The jobs of the edge function that have work now. It runs every ten seconds, so each part is one probe of an index of open work only. A
-- lapsed lease counts as work.
create function private.due_jobs()
returns setof text language sql volatile set search_path = '' as $$
  select 'deliveries' where exists (
      select from public.deliveries d where d.status = 'queued' and d.next_attempt_at <= now())
    or exists (select from public.deliveries d where d.status = 'unknown' and d.next_attempt_at <= now())
    or exists (select from public.deliveries d where d.status = 'sending' and d.leased_until < now())
  union all
  select 'webhooks' where exists (
      select from public.webhook_messages m
      join public.webhook_endpoints e on e.id = m.endpoint_id and e.is_active
      where m.status = 'queued' and m.next_attempt_at <= now())
    or exists (select from public.webhook_messages m where m.status = 'sending' and m.leased_until < now())
  union all
  select 'reconcile-purchases' where exists (
    select from public.gift_card_purchases b
    where b.ended_at is null and b.next_attempt_at <= now() and coalesce(b.leased_until, '-infinity') < now())
  union all
  select 'pending-rewards' where (private.next_pending_reward(array(
    select s.name from public.gift_card_suppliers s where s.is_enabled))).id is not null
  union all
  select 'crm-events' where exists (
    select from public.crm_events e where e.status = 'received' and e.leased_until <= now())
  union all
  select 'reconcile-payments' where exists (
      select from public.package_purchases p where p.status = 'awaiting_payment' and p.next_check_at <= now())
    or exists (select from public.package_refunds r where r.status = 'pending' and r.next_attempt_at <= now())
$$;

-- Reads the responses to earlier triggers: anything but 202, or no response within two minutes, raises an alert for the job, which the
-- next successful trigger resolves. Older versions of pg_net leave timed_out empty, so it is not read.
create function private.watch_triggers()
returns void language plpgsql volatile set search_path = '' as $$
declare
  ended record;
begin
  for ended in
    delete from private.job_triggers t using (
      select w.request_id, r.id is not null as is_answered, r.status_code, r.error_msg
      from private.job_triggers w
      left join net._http_response r on r.id = w.request_id
      where r.id is not null or w.triggered_at < now() - interval '2 minutes') a
    where t.request_id = a.request_id
    returning t.request_id, t.job, a.is_answered, a.status_code, a.error_msg
  loop
    if ended.status_code = 202 then
      perform private.resolve_alert('job_trigger_failed', ended.job);
    else
      perform private.raise_alert('job_trigger_failed', 'critical', 'A job could not be triggered: none of its work is done',
        jsonb_build_object('job', ended.job, 'status', ended.status_code, 'reason', case when ended.is_answered
          then left(ended.error_msg, 200) else 'pg_net has not reported an answer' end), ended.job);
    end if;
    -- whether the project's owner may delete depends on the version of pg_net, which deletes by itself after six hours
    if has_table_privilege('net._http_response', 'delete') then
      delete from net._http_response r where r.id = ended.request_id;
    end if;
  end loop;
end $$;

-- Calls the edge function for each job that has work: an idle project makes no invocation. Returns the number of calls.
create function private.trigger_jobs()
returns int language plpgsql volatile set search_path = '' as $$
declare
  url text := (select s.decrypted_secret from vault.decrypted_secrets s where s.name = 'rewardbase_jobs_url');
  token text := (select s.decrypted_secret from vault.decrypted_secrets s where s.name = 'rewardbase_jobs_token');
  due text;
  triggered int := 0;
begin
  perform private.watch_triggers();
  for due in select d from private.due_jobs() d loop
    -- jobs answers 202 at once: a longer wait would hold up every other call of pg_net
    insert into private.job_triggers (request_id, job)
    values (net.http_post(url := url, timeout_milliseconds := 5000, body := jsonb_build_object('job', due),
      headers := jsonb_build_object('content-type', 'application/json', 'x-jobs-token', token)), due);
    triggered := triggered + 1;
  end loop;
  return triggered;
end $$;

-- pg_cron keeps a row of every run for good: 17,000 a day.
create function private.purge_job_runs(kept_for interval default '1 day')
returns int language plpgsql volatile set search_path = '' as $$
declare
  purged int;
begin
  delete from cron.job_run_details d using cron.job j
  where j.jobid = d.jobid and j.jobname like 'rewardbase-%' and d.end_time < now() - kept_for;
  get diagnostics purged = row_count;
  return purged;
end $$;

create function private.store_in_vault(name text, value text)
returns void language plpgsql volatile set search_path = '' as $$
declare
  secret_id uuid := (select s.id from vault.decrypted_secrets s where s.name = store_in_vault.name);
begin
  if secret_id is null then
    perform vault.create_secret(value, name);
  else
    perform vault.update_secret(secret_id, value);
  end if;
end $$;

-- Sets up, or resets, all scheduled work of a project. url is that of the project, token the function secret JOBS_TOKEN. Every
-- database role can read the headers that pg_net sends, so a key with more rights is refused.
create function private.schedule_jobs(url text, token text)
returns void language plpgsql volatile set search_path = '' as $$
declare
  needed text;
  scheduled record;
begin
  foreach needed in array array['pg_cron', 'pg_net', 'supabase_vault'] loop
    if not exists (select from pg_catalog.pg_extension e where e.extname = needed) then
      raise exception 'schedule_jobs needs the extension %', needed using hint = format('create extension %I;', needed);
    end if;
  end loop;
  if url !~ '^https?://[^/\s]+/?$' then
    raise exception 'url is the address of the project, as https://<ref>.supabase.co';
  end if;
  if length(token) < 32 or token like 'sb\_%' or token like 'eyJ%' then
    raise exception 'token is the function secret JOBS_TOKEN, of at least 32 characters, and no key of the project'
      using hint = 'openssl rand -hex 32';
  end if;
  perform private.store_in_vault('rewardbase_jobs_url', rtrim(url, '/') || '/functions/v1/jobs');
  perform private.store_in_vault('rewardbase_jobs_token', token);
  for scheduled in
    select * from (values
      ('trigger', '10 seconds', 'select private.trigger_jobs()'),
      -- work within the database needs no invocation
      ('housekeeping', '10 seconds', 'select public.run_housekeeping()'),
      ('release-holds', '* * * * *', 'select public.release_holds()'),
      ('expire-lots', '* * * * *', 'select public.expire_lots()'),
      ('expire-packages', '* * * * *', 'select public.expire_packages()'),
      ('expire-entitlements', '* * * * *', 'select public.expire_entitlements()'),
      ('expire-gift-cards', '* * * * *', 'select public.expire_gift_cards()'),
      ('stuck-cards', '* * * * *', 'select public.release_stuck_cards()'),
      ('pending-rewards', '* * * * *', 'select public.watch_pending_rewards()'),
      ('purge', '17 * * * *', 'select private.purge_job_runs()')) j (name, schedule, command)
  loop
    perform cron.schedule('rewardbase-' || scheduled.name, scheduled.schedule, scheduled.command);
  end loop;
end $$;

create function public.record_job_round(job text, succeeded boolean)
returns jsonb language plpgsql volatile security definer set search_path = '' as $$
begin
  perform private.assert_text(job, 'job');
  if succeeded then
    perform private.resolve_alert('job_failed', job);
  else
    perform private.raise_alert('job_failed', 'critical', 'A run of a job failed; see the log of the function jobs',
      jsonb_build_object('job', job), job);
  end if;
  return private.answered('{}');
end $$;
comment on function public.record_job_round is
  'Raises an alert that a run of a job failed, or resolves it. The function jobs has answered 202 before, so the caller does not see the failure.';
grant execute on function public.record_job_round to service_role;

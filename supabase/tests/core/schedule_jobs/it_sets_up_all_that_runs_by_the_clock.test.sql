begin;
set local search_path = public, extensions, tests;
select plan(17);

select tests.keep('token', repeat('t', 43));
create function pg_temp.schedule(url text default 'https://ref.supabase.co/', token text default tests.kept('token') #>> '{}')
returns void language sql as 'select private.schedule_jobs(url, token)';

select throws_like('select pg_temp.schedule()', '%needs the extension pg_cron', 'schedule_jobs: without pg_cron → it is named');
create extension pg_cron;
select throws_like('select pg_temp.schedule()', '%needs the extension pg_net', 'schedule_jobs: without pg_net → it is named');
create extension pg_net;
select throws_like('select pg_temp.schedule()', '%needs the extension supabase_vault', 'schedule_jobs: without Vault → it is named');
create extension supabase_vault;

select throws_like('select pg_temp.schedule(url => ''ref.supabase.co'')', 'url is the address%', 'schedule_jobs: no address → refused');
select throws_like('select pg_temp.schedule(token => ''short'')', 'token is the function secret%', 'schedule_jobs: a short token → refused');
select throws_like('select pg_temp.schedule(token => ''sb_secret_'' || repeat(''x'', 40))', 'token is the function secret%',
  'schedule_jobs: a secret key, which every role would read → refused');
select throws_like('select pg_temp.schedule(token => null)', '%', 'schedule_jobs: no token → refused');

select pg_temp.schedule();
select bag_has('select jobname, schedule, command from cron.job', $$ values
  ('rewardbase-trigger', '10 seconds', 'select private.trigger_jobs()'),
  ('rewardbase-housekeeping', '10 seconds', 'select public.run_housekeeping()'),
  ('rewardbase-purge', '17 * * * *', 'select private.purge_job_runs()') $$, 'schedule_jobs: pg_cron has each job');
select is((select count(*)::int from cron.job), 10, 'schedule_jobs: and no other one');
do $$
declare
  j record;
begin
  for j in select command from cron.job loop
    execute j.command;
  end loop;
end $$;
select pass('schedule_jobs: every command that was scheduled runs');

select pg_temp.schedule(token => repeat('n', 43));
select is((select count(*)::int from cron.job), 10, 'schedule_jobs: a second time → the same jobs once');
select is((select count(*)::int from vault.secrets), 2, 'schedule_jobs: the address and the token are in Vault');
select is((select decrypted_secret from vault.decrypted_secrets where name = 'rewardbase_jobs_token'), repeat('n', 43),
  'schedule_jobs: the new token replaces the old one');

-- the extension's own clock writes these; here it is a helper of the stand-in
select cron.ran('rewardbase-trigger', now() - interval '2 days'), cron.ran('rewardbase-trigger', now() - interval '2 hours'),
  cron.ran('somebody-else', now() - interval '1 year');
select is(private.purge_job_runs(), 1, 'purge_job_runs: a run of the day before yesterday → deleted');
select is((select count(*)::int from cron.job_run_details), 2, 'purge_job_runs: younger ones and those of others stay');

select function_privs_are('private', 'schedule_jobs', '{text,text}', 'service_role', '{}'::text[], 'No server calls it');
select function_privs_are('private', 'trigger_jobs', '{}'::text[], 'authenticated', '{}'::text[], 'No user triggers jobs');

select * from finish();
rollback;

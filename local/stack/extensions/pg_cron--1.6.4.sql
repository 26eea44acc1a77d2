-- pg_cron's interface as far as migrations use it. Nothing runs the jobs.
create schema cron;

create table cron.job (
  jobid bigint generated always as identity primary key,
  schedule text not null,
  command text not null,
  nodename text not null default 'localhost',
  nodeport int not null default 5432,
  database text not null default current_database(),
  username text not null default current_user,
  active boolean not null default true,
  jobname text,
  unique (jobname, username)
);

create table cron.job_run_details (
  jobid bigint,
  runid bigint generated always as identity primary key,
  job_pid int,
  database text,
  username text,
  command text,
  status text,
  return_message text,
  start_time timestamptz,
  end_time timestamptz
);

create function cron.schedule(job_name text, schedule text, command text) returns bigint
language sql security definer
set search_path = ''
as $$
  insert into cron.job (jobname, schedule, command, username)
  values (job_name, schedule, command, session_user)
  on conflict (jobname, username) do update set schedule = excluded.schedule, command = excluded.command
  returning jobid
$$;

create function cron.schedule(schedule text, command text) returns bigint
language sql security definer
set search_path = ''
as $$
  insert into cron.job (schedule, command, username) values (schedule, command, session_user) returning jobid
$$;

create function cron.unschedule(job_name text) returns boolean
language plpgsql security definer
set search_path = ''
as $$
begin
  delete from cron.job where jobname = job_name;
  if not found then
    raise exception 'could not find valid entry for job ''%''', job_name;
  end if;
  return true;
end
$$;

create function cron.unschedule(job_id bigint) returns boolean
language plpgsql security definer
set search_path = ''
as $$
begin
  delete from cron.job where jobid = job_id;
  if not found then
    raise exception 'could not find valid entry for job %', job_id;
  end if;
  return true;
end
$$;

-- Plays the clock in tests: a run of a job that ended then.
create function cron.ran(job_name text, ended_at timestamptz) returns void
language sql security definer
set search_path = ''
as $$
  insert into cron.job_run_details (jobid, status, end_time)
  values (coalesce((select j.jobid from cron.job j where j.jobname = job_name), 0), 'succeeded', ended_at)
$$;

revoke execute on all functions in schema cron from public;
grant usage on schema cron to postgres;
grant execute on all functions in schema cron to postgres;
grant select, update, delete on cron.job to postgres;
grant select, delete on cron.job_run_details to postgres;

begin;
set local search_path = public, extensions, tests;
select plan(3);

select tests.keep('client', tests.create_client());
select tests.keep('user', tests.create_user('customer', tests.the('client')));
create function pg_temp.notify() returns uuid language sql as $$
  select private.notify_user(tests.the('client'), 'package_purchased', gen_random_uuid(), tests.the('user'), '{}')
$$;

select isnt(pg_temp.notify(), null, 'notify_user: a confirmed address → a notice');
update auth.users set email_confirmed_at = null where id = tests.the('user');
select is(pg_temp.notify(), null, 'notify_user: an address that is not confirmed → no notice, because it may belong to another person');
select is((select count(*)::int from public.deliveries where client_id = tests.the('client')), 1, '… and nothing is queued');

select * from finish();
rollback;

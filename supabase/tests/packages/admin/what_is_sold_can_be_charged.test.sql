begin;
set local search_path = public, extensions, tests;
select plan(26);

select tests.keep('client', tests.create_client());
select tests.keep('admin', tests.create_user('client_admin', tests.the('client')));
create function pg_temp.create(
  name text default 'New', price numeric default 49, currency text default 'USD', bizcoin_value numeric default null,
  duration_days int default 30, messages int default 0)
returns text language plpgsql as $$
declare
  made public.packages;
  detail text;
begin
  perform tests.sign_in(tests.the('admin'));
  begin
    made := public.create_package(tests.the('client'), name, price, duration_days, messages, currency, null, bizcoin_value);
  exception when others then
    get stacked diagnostics detail = pg_exception_detail;
    perform tests.sign_out();
    return sqlstate || ' ' || coalesce(detail::jsonb #>> '{fields,0,field}', sqlerrm);
  end;
  perform tests.sign_out();
  perform tests.keep('package', made.id);
  return made.name || ' ' || made.price || ' ' || made.bizcoin_value;
end $$;
create function pg_temp.update(
  name text default null, price numeric default null, bizcoin_value numeric default null, duration_days int default null)
returns text language plpgsql as $$
declare
  made public.packages;
  detail text;
begin
  perform tests.sign_in(tests.the('admin'));
  begin
    made := public.update_package(tests.the('package'), name, price, duration_days, bizcoin_value => bizcoin_value);
  exception when others then
    get stacked diagnostics detail = pg_exception_detail;
    perform tests.sign_out();
    return sqlstate || ' ' || coalesce(detail::jsonb #>> '{fields,0,field}', sqlerrm);
  end;
  perform tests.sign_out();
  return made.name || ' ' || made.price || ' ' || made.bizcoin_value;
end $$;

select is(pg_temp.create(' Starter '), 'Starter 49.00 1.00', 'create_package: in USD → a bizcoin pays 1.00, the name is trimmed');
select is(pg_temp.create(name => '  '), 'RB400 name', 'create_package: a name of blanks → RB-400');
select is(pg_temp.create(name => E'\u00a0\t'), 'RB400 name', 'create_package: of any blanks → RB-400');
select is(pg_temp.create(name => null), 'RB400 name', 'create_package: no name → RB-400');
select is(pg_temp.create(price => null), 'RB400 price', 'create_package: no price → RB-400');
select is(pg_temp.create(duration_days => null), 'RB400 duration_days', 'create_package: no days → RB-400');
select is(pg_temp.create(messages => null), 'RB400 messages', 'create_package: messages of null → RB-400');
select is(pg_temp.create(price => 0.49), 'RB400 price', 'create_package: 0.49 USD is less than can be charged → RB-400');
select is(pg_temp.create(price => 0.50), 'New 0.50 1.00', 'create_package: 0.50 USD → taken');
select is(pg_temp.create(price => 0), 'New 0.00 1.00', 'create_package: a free package → taken');
select is(pg_temp.create(price => 10.005), 'RB400 price', 'create_package: 10.005 USD → RB-400, and not 10.01');
select is(pg_temp.create(price => 1000000), 'RB400 price', 'create_package: more than can be charged → RB-400');
select is(pg_temp.create(currency => 'XTS', bizcoin_value => 1), 'RB400 currency', 'create_package: a currency that cannot be charged → RB-400');
select is(pg_temp.create(currency => null), 'RB400 currency', 'create_package: no currency → RB-400');
select is(pg_temp.create(price => 5000, currency => 'JPY'), 'RB400 bizcoin_value',
  'create_package: another currency without bizcoin_value → RB-400');
select is(pg_temp.create(price => 5000, currency => 'JPY', bizcoin_value => 150), 'New 5000.00 150.00', 'create_package: with it → taken');
select is(pg_temp.create(), 'RB400 bizcoin_value', 'create_package: USD beside JPY without bizcoin_value → RB-400');
select is(pg_temp.create(bizcoin_value => 1.005), 'RB400 bizcoin_value', 'create_package: a bizcoin of 1.005 → RB-400');
select is(pg_temp.create(duration_days => 0, bizcoin_value => 1), 'RB400 duration_days', 'create_package: for no time → RB-400');
select is(pg_temp.create(messages => -1, bizcoin_value => 1), 'RB400 messages', 'create_package: fewer messages than none → RB-400');
select is(pg_temp.create(bizcoin_value => 2), 'New 49.00 2.00', 'create_package: with everything said → taken');
select is(pg_temp.update(name => ' '), 'RB400 name', 'update_package: a name of blanks → RB-400');
select is(pg_temp.update(price => 0.10), 'RB400 price', 'update_package: less than can be charged → RB-400');
select is(pg_temp.update(price => 59.999), 'RB400 price', 'update_package: 59.999 → RB-400');
select is(pg_temp.update(bizcoin_value => 'NaN'), 'RB400 bizcoin_value', 'update_package: NaN → RB-400');
select is(pg_temp.update(name => ' Plus ', price => 59), 'Plus 59.00 2.00', 'update_package: what is left out stays');

select * from finish();
rollback;

begin;
set local search_path = public, extensions, tests;
select plan(3);

select tests.keep(tests.create_promise(2));
select tests.keep('others', (select jsonb_agg(r) from tests.create_recipients(tests.the('campaign')) r));
create function pg_temp.leased(template text, recipient uuid) returns jsonb language plpgsql as $$
begin
  update public.campaigns set sms_template = template where id = tests.the('campaign');
  return tests.lease((tests.provision(recipient) #>> '{result,delivery,id}')::uuid);
end $$;

select tests.keep('lease', pg_temp.leased(U&'Your card: {{\FEFFclaim_url\00A0}}', tests.the('recipient')));
select isnt(tests.kept('lease') -> 'claim', null, 'lease_deliveries: {{claim_url}} with invisible blanks → a claim link');
select is((select count(*)::int from public.claim_links where gift_card_id in (
  select id from public.gift_cards where recipient_id = tests.the('recipient'))), 1, 'lease_deliveries: → one link is made');
select is(pg_temp.leased('Your card: {{code}}', (tests.kept('others') ->> 0)::uuid) -> 'claim', null,
  'lease_deliveries: {{code}} alone → no claim link');

select * from finish();
rollback;

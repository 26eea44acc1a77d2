-- A link is made when its message is leased: because the brand or campaign demands it, or the campaign's text asks for it.
begin;
set local search_path = public, extensions, tests;
select plan(22);

create function pg_temp.leased(demand text, sms_template text default null) returns jsonb language plpgsql as $$
declare
  promise jsonb := tests.create_promise();
begin
  update public.campaigns set sms_template = leased.sms_template, requires_claim_link = coalesce(demand = 'campaign', false)
  where id = (promise ->> 'campaign')::uuid;
  update public.gift_card_brands set requires_claim_link = coalesce(demand = 'brand', false) where id = (promise ->> 'brand')::uuid;
  perform tests.keep(promise || jsonb_build_object('answer', tests.provision((promise ->> 'recipient')::uuid)));
  perform tests.keep('delivery', tests.kept('answer') #> '{result,delivery,id}');
  perform tests.keep('card', tests.kept('answer') #> '{result,giftCard,id}');
  return tests.lease(tests.the('delivery'));
end $$;

create temp table lease as select 'none' as demand, pg_temp.leased(null) as l
  union all select 'text', pg_temp.leased(null, 'See {{ Claim_URL }}') union all select 'brand', pg_temp.leased('brand')
  union all select 'campaign', pg_temp.leased('campaign', 'Code: {{code}}');

select is(l ? 'claim', demand <> 'none', demand || ': whether the message has a link') from lease;
select is(l ? 'sealed', demand in ('none', 'text'), demand || ': whether the worker is given the card') from lease;
select is(l #> '{claim,isRequired}', case when demand = 'text' then 'false' when demand <> 'none' then 'true' end::jsonb,
  demand || ': whether the link stands for the code') from lease;
select is(l #>> '{claim,keyId}', case when demand <> 'none' then 'test' end, demand || ': the key that signs it') from lease;

-- tries and resends of the last one
select tests.keep('link', l #> '{claim,linkId}') from lease where demand = 'campaign';
select tests.report((select l from lease where demand = 'campaign'), 'retriable', error_code => '429');
select is(tests.lease(tests.the('delivery')) #> '{claim,linkId}', tests.kept('link'), 'lease_deliveries: a retry → the same link');

update public.campaigns set requires_claim_link = false, sms_template = null where id = tests.the('campaign');
update public.deliveries set leased_until = now() - interval '1 minute' where id = tests.the('delivery');
select is(tests.lease_unknown(tests.the('delivery')) #> '{claim,linkId}', tests.kept('link'),
  'lease_unknown_deliveries: no longer required → the link of the message all the same');

select tests.keep('again', tests.resend(tests.the('card'), 'sms', null, 'asked')
  #> '{result,delivery,id}');
select isnt((select replaced_at from public.claim_links where id = tests.the('link')), null, 'resend_gift_card: → the earlier link ends at once');
update public.campaigns set requires_claim_link = true where id = tests.the('campaign');
select isnt(tests.lease(tests.the('again')) #> '{claim,linkId}', tests.kept('link'), '… and its message has a new link');
select throws_ok(format('update public.claim_links set replaced_at = null where id = %L', tests.the('link')), '23505', null,
  'claim_links: a card has one link that opens');
select is((select count(*) from public.claim_links where gift_card_id = tests.the('card')), 2::bigint, '… earlier ones are kept');

select * from finish();
rollback;

-- tests.create_reported_tenant has a campaign with 5 recipients, all of them rewarded (1.0), 5 cards given, 4 delivered, 1 redeemed
-- (0.25), 3 of 8 tries (0.375), 90 s, 125 USD given, cost 100 / 4 = 25. Beside it a campaign with 4 recipients, 1 rewarded with a
-- card (0.25) that is not delivered, and 2 rewards owed; and one that has nothing at all.
begin;
set local search_path = public, extensions, tests;
select plan(4);

select tests.keep(tests.create_reported_tenant());
select tests.keep('b', tests.create_reported_tenant());
select tests.keep('admin', tests.create_user('client_admin', tests.the('client')));
select tests.keep('second', tests.create_campaign(tests.the('client'), tests.the('brand')));
select tests.keep('third', tests.create_campaign(tests.the('client'), tests.the('brand')));
update public.campaigns set campaign_name = 'Second', created_at = '2026-01-01' where id = tests.the('second');
update public.campaigns set campaign_name = 'Third', created_at = '2026-01-01' where id = tests.the('third');
select tests.keep('people', to_jsonb(array(select tests.create_recipients(tests.the('second'), 4))));
select tests.give_card((tests.kept('people') ->> 0)::uuid, tests.the('pool'), '2026-03-10');
insert into public.pending_rewards (client_id, campaign_id, recipient_id, condition_number, surface, code, brand_id, denomination, currency,
  created_at)
select tests.the('client'), tests.the('second'), (tests.kept('people') ->> n)::uuid, 1, 'api', 'GC-003', tests.the('brand'), 25, 'USD', '2026-03-11'
from generate_series(1, 2) n;

select tests.sign_in(tests.the('admin'));
select results_eq($$
  select campaign_name, recipients, recipients_rewarded, reward_rate, given_cards, delivered_cards, redeemed_cards, owed_rewards,
    redemption_rate, delivery_attempts, delivery_success_rate, average_seconds_to_delivery, value_given, total_cost
  from public.report_campaign_comparison(null, '2026-03-01', '2026-05-01') $$,
  $$ values
    ('Campaign', 5::bigint, 5::bigint, 1.0000, 5::bigint, 4::bigint, 1::bigint, 0::bigint, 0.2500, 8::bigint, 0.3750, 90.0, 125.00, null::numeric),
    ('Second', 4::bigint, 1::bigint, 0.2500, 1::bigint, 0::bigint, 0::bigint, 2::bigint, null, 0::bigint, null, null, 25.00, null),
    ('Third', 0::bigint, 0::bigint, null, 0::bigint, 0::bigint, 0::bigint, 0::bigint, null, 0::bigint, null, null, 0.00, null) $$,
  'report_campaign_comparison: every campaign of the client has a row, also without cards');
select is_empty($$ select from public.report_campaign_comparison(null, '2025-01-01', '2026-01-01') $$,
  'report_campaign_comparison: a range before the campaigns → no rows');
select throws_ok(format('select public.report_campaign_comparison(%L)', tests.kept('b') ->> 'client'), 'RB404', null,
  'report_campaign_comparison: another tenant''s client → RB-404');
select tests.sign_out();

select results_eq($$ select total_cost, cost_per_redemption from public.report_campaign_comparison(tests.the('client')) $$,
  $$ values (100.00, 25.00), (20.00, null::numeric), (0.00, null) $$, 'report_campaign_comparison: in the SQL editor the owner reads costs, too');

select * from finish();
rollback;

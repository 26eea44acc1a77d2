begin;
set local search_path = public, extensions, tests;
select plan(4);

select tests.keep(tests.create_buyer(balance => 100, price => 40));
select tests.keep('admin', tests.create_user('client_admin', tests.the('client')));
create function pg_temp.report(since timestamptz default null) returns jsonb language plpgsql as $$
declare
  report jsonb;
begin
  perform tests.sign_in(tests.the('admin'));
  report := public.report_bizcoin_usage(tests.the('client'), tests.iso(since));
  perform tests.sign_out();
  return report;
end $$;

select tests.keep('purchase', (tests.buy(40) #>> '{result,purchase,purchaseId}')::uuid);
select tests.refund(null, tests.the('purchase'), null, null, 15, 'test');
select tests.keep('purchase', (tests.buy(0) #>> '{result,purchase,purchaseId}')::uuid);
select public.record_payment(tests.the('purchase'), tests.payment(tests.the('purchase'), 'succeeded'));
select private.post_transfer(tests.the('client'), 'gift', private.system_account(tests.the('client'), 'issuance', 'bizcoin'),
  private.ledger_account(tests.the('client'), 'user', tests.the('customer'), 'bizcoin'), 25, 'lapses', null, null, now());
select is(pg_temp.report(), '{"issued": 125, "spent": 25, "expired": 0, "outstanding": 75, "usageRate": 0.2000, "purchases": 2,
  "purchasesWithBizcoins": 1, "purchaseRate": 0.5000}', 'report_bizcoin_usage: refunded bizcoins are not spent, expired ones count for nothing');
select private.expire_lots(now());
select is(pg_temp.report() ->> 'expired', '25', '… once booked they are expired');
select is(pg_temp.report('9999-12-31Z'), '{"issued": 0, "spent": 0, "expired": 0, "outstanding": 75, "usageRate": null, "purchases": 0,
  "purchasesWithBizcoins": 0, "purchaseRate": null}', 'report_bizcoin_usage: a period without movements');
select is((select count(*)::int from private.ledger_imbalances), 0, 'invariants: the ledger balances');

select * from finish();
rollback;

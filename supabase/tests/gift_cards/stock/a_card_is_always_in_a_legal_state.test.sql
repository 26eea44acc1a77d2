-- The named CHECKs of gift_cards: each illegal combination of a status and its timestamps is refused, by its name.
begin;
set local search_path = public, extensions, tests;
select plan(26);

select tests.keep(tests.create_delivery());
select tests.add_cards(tests.the('pool'), 1);
select tests.keep('free',
  (select id from public.gift_cards where pool_id = tests.the('pool') and status = 'available'));

create function pg_temp.refuses(change text, fact text, description text,
  card text default 'card') returns text language sql as $$
  select throws_matching(format('update public.gift_cards set %s where id = %L', change, tests.the(card)), fact,
    description)
$$;

select pg_temp.refuses('status = ''lost''', 'gift_cards_status_is_valid', 'gift_cards: an unknown status → refused');
select pg_temp.refuses('grant_id = null', 'gift_cards_given_have_a_grant', 'gift_cards: claimed without a grant → refused');
select pg_temp.refuses('recipient_id = null', 'gift_cards_given_have_a_grant', '… without a recipient');
select pg_temp.refuses('claimed_at = null', 'gift_cards_given_have_a_grant', '… without its time of claim');
select pg_temp.refuses('client_id = null', 'gift_cards_given_have_a_grant', '… without a client');
select pg_temp.refuses('status = ''available''', 'gift_cards_given_have_a_grant',
  'gift_cards: claimed → available, with its grant → refused');
select pg_temp.refuses('status = ''available'', grant_id = null, recipient_id = null, claimed_at = null',
  'gift_cards_that_left_are_never_available', 'gift_cards: available, disclosed, without its grant → refused');
select pg_temp.refuses('exposed_at = now()', 'gift_cards_that_left_are_never_available',
  'gift_cards: available, disclosed → refused', 'free');
select pg_temp.refuses('claimed_at = now()', 'gift_cards_given_have_a_grant', 'gift_cards: available with a time of claim → refused',
  'free');
select pg_temp.refuses('status = ''claimed''', 'gift_cards_given_have_a_grant', 'gift_cards: in stock → claimed, without a grant → refused', 'free');
select pg_temp.refuses('status = ''delivered''', 'gift_cards_delivered_at_matches_status',
  'gift_cards: delivered without its time → refused');
select pg_temp.refuses('delivered_at = now()', 'gift_cards_delivered_at_matches_status', 'gift_cards: claimed with a time of delivery → refused');
select pg_temp.refuses('status = ''redeemed'', redeemed_at = now()', 'gift_cards_delivered_at_matches_status',
  'gift_cards: redeemed without a delivery → refused');
select pg_temp.refuses('status = ''redeemed'', delivered_at = now()', 'gift_cards_redeemed_at_matches_status',
  '… redeemed without its time');
select pg_temp.refuses('redeemed_at = now()', 'gift_cards_redeemed_at_matches_status',
  'gift_cards: claimed with a time of redemption → refused');
select pg_temp.refuses('status = ''expired''', 'gift_cards_expired_at_matches_status', 'gift_cards: expired without its time → refused',
  'free');
select pg_temp.refuses('expired_at = now()', 'gift_cards_expired_at_matches_status',
  'gift_cards: available with a time of expiry → refused', 'free');
select pg_temp.refuses('status = ''stuck''', 'gift_cards_stuck_at_matches_status', 'gift_cards: stuck without its time → refused');
select pg_temp.refuses('status = ''cancelled''', 'gift_cards_cancelled_at_matches_status',
  'gift_cards: cancelled without its time → refused');
select pg_temp.refuses('cancelled_at = now()', 'gift_cards_cancelled_at_matches_status',
  'gift_cards: claimed with a time of cancellation → refused');
select pg_temp.refuses('delivery_method = ''pigeon''', 'gift_cards_delivery_method_is_valid',
  'gift_cards: an unknown delivery method → refused');
select throws_matching(format('update public.gift_cards set status = ''claimed'', claimed_at = now(), recipient_id = %L,
    grant_id = (select grant_id from public.gift_cards where id = %L)
      where id = %L', tests.the('recipient'), tests.the('card'), tests.the('free')),
  'gift_cards_one_card_for_a_grant', 'stock: a grant has one card');
select throws_matching(format('update public.gift_cards set pool_id = %L where id = %L',
  tests.create_pool(tests.the('client'), tests.the('brand'), 0), tests.the('free')), 'gift_cards_lot_is_the_pools',
  'stock: a card''s lot is of its pool');

-- the legal ways
select lives_ok(format('update public.gift_cards set status = ''stuck'', stuck_at = now() where id = %L',
  tests.the('card')), 'stock: claimed → stuck');
select lives_ok(format('update public.gift_cards set status = ''delivered'', delivered_at = now() where id = %L',
  tests.the('card')), 'stock: stuck → delivered');
select lives_ok(format('update public.gift_cards set status = ''redeemed'', redeemed_at = now() where id = %L',
  tests.the('card')), 'stock: delivered → redeemed');

select * from finish();
rollback;

/**
 * What reads in proportion to the fill, with the rows that it read when it was entered and the table of which it read most. The list
 * only gets shorter: the test names each entry that was mended and stands here still.
 */
export const KNOWN_OFFENDERS: Record<string, number> = {
  run_housekeeping: 10380, // audit_events 10015, once more while a transaction from before the fill is open
  fulfil_pending_reward: 6051, // campaigns 2404
  watch_pending_rewards: 263524, // brand_denominations 191643
  list_card_offers: 40368, // brand_denominations 38007
  'provision_gift_card, pool of 1,000 lots': 1468, // card_lots 1002
  'list billing_lines': 2147, // clients 2005
  'list billing_statements': 2147, // clients 2005
  'list billing_transactions': 10005, // billing_transactions 10005
  'list contact_opt_outs': 2500, // contact_opt_outs 2500
  'list ledger_entries': 24016, // ledger_entries 24016
  'list ledger_holds': 5002, // ledger_holds 5002
  'list ledger_lots': 10006, // ledger_lots 10006
  'list ledger_transfers': 12008, // ledger_transfers 12008
  'list voucher_usage': 8001, // voucher_usage 8001
};

/** Entry points that have no normal path in the world of bench/growth/world.sql, with the reason. */
export const NOT_MEASURED: Record<string, string> = {
  allow_gift_card_replacement: 'needs a card that was cancelled without a replacement',
  collect_credit: 'needs a client that was charged',
  complete_package_refund: 'needs a refund by the payment processor',
  complete_supplier_purchase: 'needs a supplier purchase with a lease',
  resolve_unknown_delivery: 'needs an unknown delivery with a lease',
};

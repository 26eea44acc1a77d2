/** The reports, by their names in the database. */
export const REPORTS = [
  'pool_performance',
  'brand_performance',
  'delivery_methods',
  'geography',
  'campaign_comparison',
  'liability',
  'profit_by_client',
  'profit_by_agency',
  'agency_profit',
  'platform_analytics',
] as const;

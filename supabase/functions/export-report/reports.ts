/** The reports that there are, as the database names them. */
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

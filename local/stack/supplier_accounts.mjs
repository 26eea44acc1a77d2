/** The accounts at the suppliers that a stack's sandbox plays and its functions buy from. */

/** Tillo twice, as a platform has it, and so many more as tests want that share none. */
export function supplierAccounts({ tilloApiKey, tilloSecretKey, tillo2ApiKey, tillo2SecretKey }, spare = 0) {
  const tillo = { name: 'tillo', apiKey: tilloApiKey, secretKey: tilloSecretKey };
  return [
    tillo,
    { name: 'tillo2', apiKey: tillo2ApiKey, secretKey: tillo2SecretKey },
    ...Array.from({ length: spare }, (_, index) => ({ ...tillo, name: `spare_${index + 1}` })),
  ];
}

/** The secrets by which functions know the accounts. */
export function accountSecrets(accounts, sandboxUrl) {
  return Object.fromEntries(accounts.flatMap(({ name, apiKey, secretKey }) => [
    [`${name.toUpperCase()}_API_KEY`, apiKey],
    [`${name.toUpperCase()}_SECRET_KEY`, secretKey],
    [`${name.toUpperCase()}_BASE_URL`, `${sandboxUrl}/${name}/api/v2`],
  ]));
}

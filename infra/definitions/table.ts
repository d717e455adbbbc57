/** The one table: on demand, both keys strings, `expires` in epoch seconds. */
export const tableDefinition = {
  name: "causeway",
  partitionKey: "pk",
  sortKey: "sk",
  expires: "expires",
} as const;

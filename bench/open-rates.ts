/** Inbound rates that nothing here reaches: it is not floods that are looked at. */
const open = { perS: 1_000_000, burst: 1_000_000 };
export const openRates = { sender: open, presence: open, domain: open, overall: open } as const;

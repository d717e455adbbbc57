/** What whoever starts the tests says by environment variables. */

/** Number of inputs of each hostile run against real servers: few in `npm test`, 20,000 for the long form. */
export const hostileCount = Number(process.env["CAUSEWAY_HOSTILE"] ?? 300);

/** Where chance begins: another place each time; `CAUSEWAY_SEED` repeats a run. */
export const seed = Number(process.env["CAUSEWAY_SEED"] ?? Date.now() % 2 ** 31);

/** Keeps state and logs of the bridges, to look at after a failure. */
export const keep = process.env["CAUSEWAY_KEEP"] === "1";

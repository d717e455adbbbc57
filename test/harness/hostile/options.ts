/**
 * How long and from where hostile runs go. `CAUSEWAY_HOSTILE` is the number of inputs of each run against real servers
 * (a few hundred in `npm test`; 20,000 for the long form), `CAUSEWAY_SEED` repeats one.
 */
export const hostileCount = Number(process.env["CAUSEWAY_HOSTILE"] ?? 300);
/** Another one each time. */
export const hostileSeed = Number(process.env["CAUSEWAY_SEED"] ?? Date.now() % 2 ** 31);

/** The engines of a test file. */
import { after, beforeEach } from "node:test";
import { announce, type Engines, emptyQueues, startEngines } from "./functions.ts";

/**
 * Starts the engines for all tests of the file that calls it: each test finds the queues empty and what the others
 * have left in the table, and the engines end with the file.
 *
 * @param options.users announced before the first test
 * @param options.domains served besides
 */
export async function useEngines(
  options: { readonly users?: readonly string[]; readonly domains?: readonly string[] } = {},
): Promise<Engines> {
  const engines = await startEngines(options.domains);
  beforeEach(() => emptyQueues(engines));
  after(() => engines.stop());
  for (const user of options.users ?? []) await announce(engines, user);
  return engines;
}

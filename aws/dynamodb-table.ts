import type { TableOptions } from "./attributes.ts";
import type { Table } from "./table.ts";
import { makeAvailabilityTable } from "./table-availability.ts";
import { makeCapsTable } from "./table-caps.ts";
import { makeLeaseTable } from "./table-lease.ts";
import { makePairTable } from "./table-pairs.ts";
import { makePolicyTable } from "./table-policy.ts";
import { makeProcessTable } from "./table-process.ts";
import { makeSubscriberTable } from "./table-subscribers.ts";
import { makeUserTable } from "./table-users.ts";
import { makeWalkTable } from "./table-walks.ts";

/** The port over real DynamoDB (or an engine that speaks its protocol). */
export function makeTable(options: TableOptions): Table {
  return {
    ...makeLeaseTable(options),
    ...makePolicyTable(options),
    ...makeProcessTable(options),
    ...makeUserTable(options),
    ...makePairTable(options),
    ...makeSubscriberTable(options),
    ...makeAvailabilityTable(options),
    ...makeCapsTable(options),
    ...makeWalkTable(options),
  };
}

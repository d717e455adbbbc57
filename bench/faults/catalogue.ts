/** Every fault that there is, in the order in which they are run. */
import type { Fault } from "./fault.ts";
import { connectorFaults } from "./faults/connector.ts";
import { dynamodbFaults } from "./faults/dynamodb.ts";
import { functionFaults } from "./faults/functions.ts";
import { machineFaults } from "./faults/machine.ts";
import { networkFaults } from "./faults/network.ts";
import { poison } from "./faults/poison.ts";
import { serverFaults } from "./faults/server.ts";
import { sqsFaults } from "./faults/sqs.ts";

export const catalogue: readonly Fault[] = [
  ...connectorFaults,
  ...serverFaults,
  ...networkFaults,
  ...sqsFaults,
  ...dynamodbFaults,
  ...functionFaults,
  ...machineFaults,
  poison,
];

/** Every fault that there is, in the order in which they are run. */
import type { Fault } from "./fault.ts";
import { connectorFaults } from "./faults/connector.ts";
import { networkFaults } from "./faults/network.ts";
import { serverFaults } from "./faults/server.ts";

export const catalogue: readonly Fault[] = [...connectorFaults, ...serverFaults, ...networkFaults];

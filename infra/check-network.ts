/** Whether connectors can reach what a configuration gives by its address. */
import { isIPv4 } from "node:net";
import { endpointOf, isPrivateAddress } from "#aws/service.ts";
import { overlap, readBlock, vpcCidrDefault } from "./cidr.ts";
import type { Config } from "./config.ts";

/** Whether an IPv4 address is in a block. */
function isIn(cidr: string, host: string): boolean {
  const [block, address] = [readBlock(cidr), readBlock(`${host}/32`)];
  return block !== undefined && address !== undefined && overlap(block, address);
}

/**
 * Refuses a server at a private address to which a VPC of the bridge's own has no way. What a name leads to, and where
 * a VPC that is there reaches, is not known here.
 *
 * @param key the property that names the server
 * @throws with key, value and fix
 */
export function checkReach(key: string, service: string, network: Config["network"]): void {
  const { host } = endpointOf(service);
  const isLiteral = isIPv4(host) || host.includes(":");
  if ("vpcId" in network || !isLiteral || !isPrivateAddress(host)) return;
  const { cidr = vpcCidrDefault, peering } = network;
  const ways = [
    ["network.cidr", cidr],
    ...(peering === undefined ? [] : [["network.peering.cidr", peering.cidr]]),
  ] as const;
  if (ways.some(([, block]) => block !== undefined && isIn(block, host))) return;
  const told = ways.map(([name, block]) => `${name} (${block})`).join(" or ");
  throw new Error(
    `configuration: ${key} is ${JSON.stringify(service)}, a private address that is not in ${told}, so that no ` +
      "connector can reach it: set network to vpcId and subnetIds of the server's VPC, or network.peering to its vpcId " +
      "and the cidr that has the address",
  );
}

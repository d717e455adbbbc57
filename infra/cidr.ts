/** Blocks of IPv4 addresses, like 10.7.0.0/16. */
import { isIPv4 } from "node:net";

/** Of the VPC that is made. */
export const vpcCidrDefault = "10.0.0.0/16";

export interface Block {
  /** Its first address, or another of it, as a number. */
  readonly address: number;
  /** Bits that all its addresses have in common, 0 to 32. */
  readonly bits: number;
}

/** `undefined` where the text is no block. */
export function readBlock(text: string): Block | undefined {
  const [, address = "", bits = ""] = /^([\d.]+)\/(\d{1,2})$/.exec(text) ?? [];
  if (!isIPv4(address) || Number(bits) > 32) return undefined;
  const number = address.split(".").reduce((high, byte) => high * 256 + Number(byte), 0);
  return { address: number, bits: Number(bits) };
}

/** Whether an address is in both: then the larger one holds the other. */
export function overlap(one: Block, other: Block): boolean {
  const size = 2 ** (32 - Math.min(one.bits, other.bits));
  return Math.floor(one.address / size) === Math.floor(other.address / size);
}

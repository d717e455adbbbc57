/** Hostile inputs in a row, the same for the same seed. */
import { Buffer } from "node:buffer";
import { inspect } from "node:util";
import type { Context } from "#core/translate/context.ts";
import { nextEvent } from "./events.ts";
import { extremes } from "./extremes.ts";
import { makeRandom, type Random } from "./random.ts";
import { makeTally, type Tally, takeBytes, takeEvent, takeStanza } from "./run.ts";
import { nextStanza } from "./stanzas.ts";

/** Bytes of a stanza with some of them changed: what is left is seldom UTF-8. */
function brokenBytes(random: Random, xml: string): Buffer {
  const bytes = Buffer.from(xml);
  for (let n = random.below(4); n >= 0; n--) {
    bytes[random.below(bytes.length)] = random.pick([
      0x00,
      0x80,
      0xc0,
      0xed,
      0xf8,
      0xff,
      0x3c,
      0x3e,
      random.below(256),
    ]);
  }
  return bytes;
}

function takeOne(ctx: Context, random: Random, tally: Tally): string {
  const kind = random.below(10);
  if (kind < 4) {
    const body = nextEvent(random);
    guard(body, () => takeEvent(ctx, body, random, tally));
    return body;
  }
  const xml = nextStanza(random);
  if (kind < 8) guard(xml, () => takeStanza(ctx, xml, random, tally));
  else if (kind < 9) guard(xml, () => takeBytes(ctx, Buffer.from(xml), random, tally));
  else guard(xml, () => takeBytes(ctx, brokenBytes(random, xml), random, tally));
  return xml;
}

/** Says which input it was. */
function guard(input: string, take: () => void): void {
  try {
    take();
  } catch (error) {
    const shown = inspect(input, { maxStringLength: 3000, breakLength: 200 });
    throw new Error(`not withstood: ${shown}`, { cause: error });
  }
}

/** Takes so many inputs; throws at the first that is not withstood. */
export function withstand(ctx: Context, seed: number, count: number): Tally {
  const random = makeRandom(seed);
  const tally = makeTally();
  while (tally.inputs < count) takeOne(ctx, random, tally);
  return tally;
}

/** Takes what is extreme, by the way of the connector. */
export function withstandExtremes(ctx: Context): Tally {
  const random = makeRandom(0);
  const tally = makeTally();
  for (const [name, xml] of extremes) {
    // By chance with several declarations.
    for (let n = 0; n < 2; n++) guard(name, () => takeBytes(ctx, Buffer.from(xml), random, tally));
  }
  return tally;
}

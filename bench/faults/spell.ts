/** For how long a fault of AWS lasts. */
import { setTimeout as delay } from "node:timers/promises";
import { waitUntil } from "#local/wait-until.ts";
import type { AwsProxy, Rule } from "./aws-proxy.ts";
import type { Fault, Rig } from "./fault.ts";

/** Rules for proxies, while a spell lasts. */
export type Spell = readonly (readonly [proxy: AwsProxy, ...rules: Rule[]])[];

const changedMsMax = 30_000;
const hasChanged = (spell: Spell) => spell.some(([proxy]) => Object.keys(proxy.changed).length > 0);

/** Resolves after a time; rejects when the run is given up. */
export const pause = (rig: Rig, ms: number) => delay(ms, undefined, { signal: rig.signal });

/** Has the rules hold for a time. */
export async function hold(rig: Rig, spell: Spell, ms: number): Promise<void> {
  for (const [proxy, ...rules] of spell) proxy.set(...rules);
  try {
    await pause(rig, ms);
    // A machine that is busy elsewhere may have brought no call until now.
    await waitUntil(async () => hasChanged(spell), {
      what: "call to change",
      timeoutMs: changedMsMax,
      signal: rig.signal,
    });
  } finally {
    for (const [proxy] of spell) proxy.set();
  }
}

/** Fails the run when a spell has changed nothing: then it has shown nothing. */
export function expectChanged(rig: Rig, spell: Spell): void {
  rig.afterwards(() => {
    const changed = spell.flatMap(([proxy]) => Object.entries(proxy.changed));
    const text = changed.map(([action, count]) => `${action} ${count}`).join(", ");
    rig.log(`calls changed: ${text || "none"}`);
    if (changed.length === 0) throw new Error("the fault has changed no call");
  });
}

const spellsMax = 4;
const spellMs = 10_000;
const shortSpellMs = 4_000;

/** A fault that is on for ten seconds, four times. */
export function inSpells(
  fault: Pick<Fault, "name" | "summary"> & Partial<Fault>,
  spellOf: (rig: Rig) => Spell,
): Fault {
  return {
    inboundLoss: "none",
    repeats: true,
    lastsS: 75,
    ...fault,
    async strike(rig) {
      const spell = spellOf(rig);
      expectChanged(rig, spell);
      await rig.strokes(rig.full ? spellsMax : 1, () => hold(rig, spell, rig.full ? spellMs : shortSpellMs));
    },
  };
}

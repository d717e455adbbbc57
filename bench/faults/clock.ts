/**
 * Loaded first by a connector or function (`node --import clock.ts?file=…`): its clock on the wall differs from the true
 * one by the milliseconds in that file. Timers and the monotonic clock go on as they do.
 */
import { readFileSync } from "node:fs";

const lookMs = 50;

const file = new URL(import.meta.url).searchParams.get("file") ?? "";
const trueNow = Date.now;
let shiftMs = 0;

function look(): void {
  try {
    shiftMs = Number(readFileSync(file, "utf8"));
  } catch {
    // Nobody has changed the clock yet, or any more.
    shiftMs = 0;
  }
}

look();
setInterval(look, lookMs).unref();

const now = () => trueNow() + shiftMs;

globalThis.Date = new Proxy(Date, {
  construct: (target, args, self) => Reflect.construct(target, args.length === 0 ? [now()] : args, self),
  apply: () => new Date(now()).toString(),
  get: (target, name) => (name === "now" ? now : Reflect.get(target, name)),
});

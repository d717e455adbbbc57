/** `npm run ops`. */
import { stopOnSignal } from "../stop-signals.ts";
import { runOps } from "./run.ts";

const stopping = stopOnSignal();
const { signal } = stopping;
const screen = { say: console.log, tell: console.error, signal, env: process.env };
const exit = await runOps(process.argv.slice(2), screen);
// Not left to the event loop: an interrupted call may still be trying.
process.exit(signal.aborted ? stopping.exitCode() : exit);

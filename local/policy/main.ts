/** `npm run policy`. */
import { runPolicy } from "./run.ts";

const screen = { say: console.log, tell: console.error };
process.exit(await runPolicy(process.argv.slice(2), screen, "npm run policy --"));

/** `npm run policy`. */
import { runPolicy } from "./run.ts";

process.exit(await runPolicy(process.argv.slice(2)));

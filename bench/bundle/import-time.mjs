/**
 * Tells how long a bundle takes to be imported, in a fresh process. A bundle that is a program, as the connector's is,
 * finds no environment and ends by itself: then it has been read whole as well.
 */
import { writeSync } from "node:fs";

const [bundle] = process.argv.slice(2);
const begun = performance.now();
let ms;
process.on("exit", () => writeSync(1, `${ms ?? performance.now() - begun}\n`));
await import(bundle);
ms = performance.now() - begun;
process.exit(0);

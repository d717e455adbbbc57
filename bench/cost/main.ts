/** `npm run cost`: what a bridge costs by the month. */
import { estimate, meanPerS } from "./estimate.ts";
import { measuredFolder, readMeasured } from "./measured.ts";
import { help, readOptions } from "./options.ts";
import { parsePrices, readJson } from "./prices.ts";
import { reportText } from "./report.ts";

function complain(text: string, exit: number): number {
  console.error(text);
  return exit;
}

/** @returns the exit code */
function run(args: readonly string[]): number {
  const options = readOptions(args);
  if (!options.ok) return complain(`${options.error}\n\nnpm run cost -- --help says more.`, 2);
  if (options.value === "help") {
    console.log(help);
    return 0;
  }
  const { asked, json } = options.value;
  const prices = readJson(options.value.prices, parsePrices);
  if (!prices.ok) return complain(prices.error, 1);
  const measured = readMeasured(measuredFolder);
  if (!measured.ok) return complain(measured.error, 1);
  const meanS = meanPerS(asked, prices.value);
  const { peakPerS } = asked;
  if (peakPerS !== undefined && peakPerS < meanS)
    return complain(
      `--peak-per-s is ${peakPerS}, and so many messages are ${meanS.toPrecision(3)} a second on average: say a higher peak, or fewer messages`,
      2,
    );
  const told = estimate(asked, prices.value, measured.value, meanS);
  const atPeak = peakPerS === undefined ? undefined : estimate(asked, prices.value, measured.value, peakPerS);
  console.log(
    json
      ? JSON.stringify({ asked, evenly: told, atPeak }, undefined, 2)
      : reportText(told, atPeak, prices.value, measured.value),
  );
  return 0;
}

process.exitCode = run(process.argv.slice(2));

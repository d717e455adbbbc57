/** An estimate, for people. */
import type { Estimate } from "./estimate.ts";
import type { Measured } from "./measured.ts";
import { type Prices, pricesText } from "./prices.ts";

export const usdText = (usd: number) => usd.toFixed(2);

const perMillion = ({ usdPerMillion }: Estimate) =>
  usdPerMillion === undefined ? "" : `, ${usdText(usdPerMillion)} a million messages`;

/** Which measurement, made when and on what. */
function measuredText({ packing, fanOuts }: Measured): string[] {
  const made = [
    ...(packing === undefined ? [] : [{ name: `messages (${packing.server})`, ...packing }]),
    ...fanOuts.map((one) => ({ name: `presence of ${one.subscribers} subscribers`, ...one })),
  ];
  return made.map(
    ({ name, date, machine, load }) =>
      `  ${name}: counted ${date.slice(0, 10)}, ${machine.cores} cores (${machine.cpu}), load ${load.before.toFixed(1)} to ${load.after.toFixed(1)}`,
  );
}

/**
 * Lines by part, totals, and what they rest on.
 *
 * @param atPeak the same as if all messages came at the peak's rate
 */
export function reportText(
  told: Estimate,
  atPeak: Estimate | undefined,
  prices: Prices,
  measured: Measured,
): string {
  const rows = Object.entries(told.parts).flatMap(([part, usd]) => [
    `${part.padEnd(64)}${usdText(usd).padStart(12)}`,
    ...told.lines
      .filter((line) => line.part === part)
      .map((line) => `  ${line.what.padEnd(62)}${usdText(line.usd).padStart(12)}`),
  ]);
  const total = `${"total, USD a month".padEnd(64)}${usdText(told.usdPerMonth).padStart(12)}${perMillion(told)}`;
  const peak =
    atPeak === undefined
      ? []
      : [
          `${`if all came at ${atPeak.perS} a second`.padEnd(64)}${usdText(atPeak.usdPerMonth).padStart(12)}${perMillion(atPeak)}`,
        ];
  const rate =
    told.perS === 0 ? [] : [`Messages come evenly, ${told.perS.toPrecision(3)} a second both ways together.`];
  return [
    ...rows,
    "",
    total,
    ...peak,
    "",
    ...rate,
    ...told.notes.map((note) => `Note: ${note}.`),
    `Prices: ${pricesText(prices)}. Nothing was measured on AWS; counted with local engines:`,
    ...measuredText(measured),
  ].join("\n");
}

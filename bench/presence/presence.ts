/** Presence at its largest: a change that very many see, others meanwhile, and a resync. */
import { buildAll } from "#infra/build.ts";
import type { Bench, Outcome, Progress, Settings } from "../bench.ts";
import { tableText } from "../table.ts";
import { measureFanOut } from "./fan-out.ts";
import { measureMeanwhile } from "./meanwhile.ts";
import { type Place, startPlace } from "./place.ts";
import { fanOutRows, head, meanwhileRows, resyncRows } from "./report.ts";
import { measureResync } from "./resync.ts";

const quickSubscribers = 400;
const quickPairs = 20;

/** Runs something with fresh engines, and ends them whatever happens. */
async function withPlace<T>(work: (place: Place) => Promise<T>): Promise<T> {
  const place = await startPlace();
  try {
    return await work(place);
  } finally {
    await place.stop();
  }
}

async function run(settings: Settings, progress: Progress): Promise<Outcome> {
  const { quick } = settings;
  const [subscribers, pairs] = quick
    ? [quickSubscribers, quickPairs]
    : [settings.subscribers, settings.pairs];
  await buildAll();
  const { fanOut, meanwhile } = await withPlace(async (place) => {
    const { figures, bodies } = await measureFanOut(place, subscribers, progress);
    return {
      fanOut: figures,
      meanwhile: await measureMeanwhile(place, bodies, figures.told, quick, progress),
    };
  });
  const resync = await withPlace((place) => measureResync(place, pairs, quick, progress));
  return {
    figures: { fanOut, meanwhile, resync },
    tables: [
      tableText(`A change that ${subscribers} subscribers see`, head, fanOutRows(fanOut)),
      tableText("Messages of others meanwhile", head, meanwhileRows(meanwhile)),
      tableText(`A resync of ${pairs} pairs, at ${resync.pairsPerS} a second`, head, resyncRows(resync)),
    ],
  };
}

export const presenceBench: Bench = {
  purpose: "a change that 100,000 subscribers see; messages meanwhile; a resync of 10,000 pairs",
  run,
};

/**
 * One function in a process of its own, which tells how much memory it took. Plain JavaScript, so that Node's
 * type stripper is not counted.
 */
const [bundle] = process.argv.slice(2);
const { handler } = await import(bundle);
// Without the benchmark there is nothing to do.
process.on("disconnect", () => process.exit(0));

// In KiB, the highest that the process has ever had.
const memory = () => ({ peakMb: process.resourceUsage().maxRSS / 1024 });

process.on("message", async (event) => {
  const begun = performance.now();
  try {
    const result = await handler(event, {});
    process.send({ result, ms: performance.now() - begun, ...memory() });
  } catch (error) {
    process.send({ error: String(error), ms: performance.now() - begun, ...memory() });
  }
});
process.send({ result: undefined, ms: 0, ...memory() });

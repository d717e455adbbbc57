/** Reads where the running bridge is, as far as the native side needs to know. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import * as v from "valibot";
import { err, ok, type Result } from "#core/result.ts";

const endpointsSchema = v.object({
  component: v.object({ domain: v.string() }),
  sqs: v.object({
    endpoint: v.string(),
    queues: v.object({ nativeEvents: v.string(), nativeDeliveries: v.string() }),
  }),
});
export type NativeEndpoints = v.InferOutput<typeof endpointsSchema>;

const usualPath = fileURLToPath(new URL("../../.local/endpoints.json", import.meta.url));

/** Reads the file that `npm start` writes when it is ready; the error is for people. */
export function readEndpoints(path: string = usualPath): Result<NativeEndpoints, string> {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch {
    return err(`there is no ${path}: start the bridge first: npm start`);
  }
  try {
    return ok(v.parse(endpointsSchema, JSON.parse(text)));
  } catch (error) {
    return err(`${path} cannot be used: ${error instanceof Error ? error.message : String(error)}`);
  }
}

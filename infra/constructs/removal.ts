import { RemovalPolicy } from "aws-cdk-lib";
import type { Config } from "../config.ts";

/**
 * What becomes of what holds data when it leaves its stack. Even what is to be kept goes when its own creation is rolled
 * back: it is empty, and its name would be taken at the next try (CloudFormation's `RetainExceptOnCreate`).
 */
export function removalPolicyOf(removal: Config["removal"]): RemovalPolicy {
  return removal === "destroy" ? RemovalPolicy.DESTROY : RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE;
}

/** Stacks on moto: made, changed and deleted by CloudFormation from the templates of a real deployment. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  CloudFormationClient,
  CreateStackCommand,
  DeleteStackCommand,
  DescribeStackResourcesCommand,
  DescribeStacksCommand,
  UpdateStackCommand,
} from "@aws-sdk/client-cloudformation";
import { PutParameterCommand, SSMClient } from "@aws-sdk/client-ssm";
import { App } from "aws-cdk-lib";
import { connectorFolder, functionFolder } from "#infra/build.ts";
import type { Deployment } from "#infra/config.ts";
import { makeDeployment } from "#infra/deployment.ts";
import { readConfig } from "#infra/read-config.ts";
import { localCredentials, localRegion } from "#local/aws-clients.ts";
import { waitUntil } from "#local/wait-until.ts";
import type { Resource } from "#test/unit/infra/templates.ts";
import { type Moto, startMoto } from "./moto.ts";

const root = join(import.meta.dirname, "../..");
/** moto's account. */
export const account = "123456789012";
const assets = `cdk-hnb659fds-assets-${account}-${localRegion}`;
const stackMsMax = 60_000;

/** In the order in which each may need what the ones before export. */
export const stackNames = ["Causeway-State", "Causeway-Compute", "Causeway-Observability"] as const;
/** Of no configuration but that it is there: nothing changes it. */
export const searchStackName = "Causeway-TransactionSearch";
export type StackName = (typeof stackNames)[number] | typeof searchStackName;

/** Left out: moto has nothing that would hold them, by whatever API; and nothing else refers to them. */
const leftOut: readonly string[] = ["AWS::Logs::QueryDefinition", "AWS::XRay::TransactionSearchConfig"];

/** The template for moto, and what is in it, by logical ids. */
interface MotoTemplate {
  readonly body: string;
  readonly resources: Readonly<Record<string, Resource>>;
}

export interface MotoStacks {
  readonly moto: Moto;
  /** What a client of AWS needs to speak to it. */
  readonly client: { readonly endpoint: string; readonly region: string; readonly credentials: Credentials };
  /** Synthesises a deployment of the real bundles, and uploads what `cdk deploy` would. */
  synthesise(name: string, change?: Partial<Deployment>): Promise<string>;
  /** The template of a stack in such a deployment. */
  template(outdir: string, stack: StackName): MotoTemplate;
  create(outdir: string, stack: StackName): Promise<void>;
  update(outdir: string, stack: StackName): Promise<void>;
  /** Fails where anything of it cannot be deleted. */
  remove(stack: StackName): Promise<void>;
  /** Physical ids by logical ones. */
  resourcesOf(stack: StackName): Promise<ReadonlyMap<string, string>>;
  /** Makes moto as it was at its start: an account that is bootstrapped, and nothing else. */
  reset(): Promise<void>;
  stop(): Promise<void>;
}

interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

function template(outdir: string, stack: StackName): MotoTemplate {
  const whole = JSON.parse(readFileSync(join(outdir, `${stack}.template.json`), "utf8"));
  const entries = Object.entries(whole.Resources as Record<string, Resource>);
  const resources = Object.fromEntries(entries.filter(([, { Type }]) => !leftOut.includes(Type)));
  return { body: JSON.stringify({ ...whole, Resources: resources }), resources };
}

function synthesise(outdir: string, change: Partial<Deployment>): void {
  const { context } = JSON.parse(readFileSync(join(root, "cdk.json"), "utf8"));
  const app = new App({ context, outdir, analyticsReporting: false });
  const declared = {
    domains: ["im.example.com"],
    xmppService: "xmpps://xmpp.example.com:5348",
    ...change,
  } satisfies Deployment;
  makeDeployment(app, readConfig(declared), { functionFolder, connectorFolder });
  app.synth();
}

/** Starts moto, empty. */
export async function startMotoStacks(): Promise<MotoStacks> {
  const folder = mkdtempSync(join(tmpdir(), "causeway-deployed-"));
  const moto = await startMoto(join(folder, "moto.log"));
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = localCredentials;
  const client = {
    endpoint: moto.endpoint,
    region: localRegion,
    credentials: { accessKeyId, secretAccessKey },
  };
  const cloudformation = new CloudFormationClient(client);
  const ssm = new SSMClient(client);

  const bootstrap = () =>
    // Which version `cdk bootstrap` left: every template asks.
    ssm.send(
      new PutParameterCommand({ Name: "/cdk-bootstrap/hnb659fds/version", Value: "30", Type: "String" }),
    );
  const settled = (StackName: string, status: string) =>
    waitUntil(
      async () => {
        const { Stacks = [] } = await cloudformation.send(new DescribeStacksCommand({ StackName }));
        return Stacks[0]?.StackStatus === status;
      },
      { what: `${StackName} ${status}`, timeoutMs: stackMsMax },
    );
  const upload = async (outdir: string) => {
    await fetch(`${moto.endpoint}/${assets}`, { method: "PUT" });
    for (const entry of readdirSync(outdir).filter((each) => /^asset\.[0-9a-f]{64}$/.test(each))) {
      // The bytes are the module's.
      const body = readFileSync(join(outdir, entry, "index.mjs"));
      await fetch(`${moto.endpoint}/${assets}/${entry.slice("asset.".length)}.zip`, { method: "PUT", body });
    }
  };
  await bootstrap();

  return {
    moto,
    client,
    async synthesise(name, change = {}) {
      const outdir = join(folder, name);
      synthesise(outdir, change);
      await upload(outdir);
      return outdir;
    },
    template,
    async create(outdir, StackName) {
      const TemplateBody = template(outdir, StackName).body;
      const Capabilities = ["CAPABILITY_IAM" as const];
      await cloudformation.send(new CreateStackCommand({ StackName, TemplateBody, Capabilities }));
      await settled(StackName, "CREATE_COMPLETE");
    },
    async update(outdir, StackName) {
      const TemplateBody = template(outdir, StackName).body;
      const Capabilities = ["CAPABILITY_IAM" as const];
      await cloudformation.send(new UpdateStackCommand({ StackName, TemplateBody, Capabilities }));
      await settled(StackName, "UPDATE_COMPLETE");
    },
    async remove(StackName) {
      await cloudformation.send(new DeleteStackCommand({ StackName }));
    },
    async resourcesOf(StackName) {
      const { StackResources = [] } = await cloudformation.send(
        new DescribeStackResourcesCommand({ StackName }),
      );
      return new Map(
        StackResources.map(({ LogicalResourceId = "", PhysicalResourceId = "" }) => [
          LogicalResourceId,
          PhysicalResourceId,
        ]),
      );
    },
    async reset() {
      await fetch(`${moto.endpoint}/moto-api/reset`, { method: "POST" });
      await bootstrap();
    },
    async stop() {
      cloudformation.destroy();
      ssm.destroy();
      await moto.stop();
      rmSync(folder, { recursive: true });
    },
  };
}

import { Validations } from "aws-cdk-lib";
import {
  CfnRoute,
  CfnVPCPeeringConnection,
  IpAddresses,
  type ISubnet,
  type IVpc,
  Subnet,
  SubnetType,
  Vpc,
} from "aws-cdk-lib/aws-ec2";
import type { Construct } from "constructs";
import type { Config, ExistingNetwork, NewNetwork } from "../config.ts";

/** Where connectors run. */
export interface Network {
  readonly vpc: IVpc;
  readonly subnets: readonly ISubnet[];
  /** Whether a connector has an address of its own on the internet: without NAT its way out. */
  readonly publicIp: boolean;
}

const cidrDefault = "10.0.0.0/16";

function existing(scope: Construct, { vpcId, subnetIds, publicIp = false }: ExistingNetwork): Network {
  return {
    // Only its id is used; zones are asked for all the same.
    vpc: Vpc.fromVpcAttributes(scope, "Network", { vpcId, availabilityZones: ["any"] }),
    subnets: subnetIds.map((id, index) => {
      const subnet = Subnet.fromSubnetId(scope, `Subnet${index + 1}`, id);
      Validations.of(subnet).acknowledge({
        id: "@aws-cdk/aws-ec2:noSubnetRouteTableId",
        reason: "Nobody asks for its routes.",
      });
      return subnet;
    }),
    publicIp,
  };
}

function peer(
  scope: Construct,
  vpc: Vpc,
  subnets: readonly ISubnet[],
  { vpcId, cidr }: NonNullable<NewNetwork["peering"]>,
) {
  const peering = new CfnVPCPeeringConnection(scope, "Peering", { vpcId: vpc.vpcId, peerVpcId: vpcId });
  for (const [index, { routeTable }] of subnets.entries()) {
    new CfnRoute(scope, `PeeringRoute${index + 1}`, {
      routeTableId: routeTable.routeTableId,
      destinationCidrBlock: cidr,
      vpcPeeringConnectionId: peering.attrId,
    });
  }
}

function made(scope: Construct, { cidr = cidrDefault, natGateways = 0, peering }: NewNetwork): Network {
  const subnetType = natGateways > 0 ? SubnetType.PRIVATE_WITH_EGRESS : SubnetType.PUBLIC;
  const vpc = new Vpc(scope, "Network", {
    ipAddresses: IpAddresses.cidr(cidr),
    maxAzs: 2,
    natGateways,
    subnetConfiguration: [
      { name: "public", subnetType: SubnetType.PUBLIC, mapPublicIpOnLaunch: false },
      ...(natGateways > 0 ? [{ name: "private", subnetType }] : []),
    ],
  });
  Validations.of(vpc).acknowledge({
    id: "AwsSolutions-VPC7",
    reason:
      "Nothing in it listens and only the connector is in it, whose own log tells what it dials; flow logs are paid by the gigabyte.",
  });
  const { subnets } = vpc.selectSubnets({ subnetType });
  if (peering !== undefined) peer(scope, vpc, subnets, peering);
  return { vpc: vpc as IVpc, subnets, publicIp: natGateways === 0 };
}

/** The network of the configuration: one that is there, or one without anything that costs by the hour. */
export function makeNetwork(scope: Construct, network: Config["network"]): Network {
  return "vpcId" in network ? existing(scope, network) : made(scope, network);
}

/** A component domain beside the first one. */
export interface FurtherDomain {
  readonly domain: string;
  /** The XMPP server that it is at, where that is another than the bridge's own. */
  readonly at?: { readonly componentPort: number; readonly secret: string };
}

/** All component domains of a bridge, the first one first. */
export function domainsOf({
  componentDomain,
  furtherDomains = [],
}: {
  readonly componentDomain: string;
  readonly furtherDomains?: readonly FurtherDomain[];
}): readonly string[] {
  return [componentDomain, ...furtherDomains.map(({ domain }) => domain)];
}

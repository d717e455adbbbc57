/** What AWS asks for: `prices.json`, which the dashboard of costs and docs/cost.md have in common. */
import list from "./prices.json" with { type: "json" };

export type PriceName = keyof typeof list.prices;

/** As much of a price list as is computed with. */
export interface PriceList {
  readonly region: string;
  readonly prices: Readonly<
    Record<
      PriceName,
      {
        /** US dollars for {@link per} units. */
        readonly usd: number;
        readonly per: number;
        /** When it was looked up. */
        readonly date: string;
      }
    >
  >;
}

export const priceList = list satisfies PriceList;

/** US dollars for so many units, none of them free. */
export function usdOf({ prices }: PriceList, name: PriceName, units: number): number {
  const { usd, per } = prices[name];
  return (units * usd) / per;
}

/** When the price was looked up that is the oldest in the list. */
export function oldestDate({ prices }: PriceList): string {
  const [oldest = ""] = Object.values(prices)
    .map(({ date }) => date)
    .toSorted();
  return oldest;
}

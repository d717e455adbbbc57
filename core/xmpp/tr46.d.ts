/** The part of tr46 that we use; the package ships no types. */
declare module "tr46" {
  interface Options {
    readonly checkHyphens?: boolean;
    readonly checkBidi?: boolean;
    readonly checkJoiners?: boolean;
    readonly useSTD3ASCIIRules?: boolean;
  }
  /** UTS #46 processing to U-labels; `domain` is of no use where `error` is true. */
  export function toUnicode(domainName: string, options?: Options): { domain: string; error: boolean };
}

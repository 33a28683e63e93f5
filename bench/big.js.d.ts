// The package has no types. These are the types that the benchmark needs.
declare module "big.js" {
  export default class Big {
    constructor(value: string);
    plus(value: Big): Big;
    lte(value: Big): boolean;
  }
}

// The package has no types of its own; this is as much of it as the benchmark calls.
declare module "big.js" {
  export default class Big {
    constructor(value: string);
    plus(value: Big): Big;
    lte(value: Big): boolean;
  }
}

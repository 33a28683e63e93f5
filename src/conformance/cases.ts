import { attemptCases } from "./attempts.ts";
import type { Definition } from "./define.ts";
import { historyCases } from "./history.ts";
import { holdCases } from "./holds.ts";
import { jobCases } from "./jobs.ts";
import { leaseCases } from "./leases.ts";
import { moneyCases } from "./money.ts";
import { raceCases } from "./races.ts";
import { resolveCases } from "./resolve.ts";
import { scopeCases } from "./scopes.ts";

/** Every case, part by part. */
export const CASES: readonly Definition[] = [
  ...jobCases,
  ...leaseCases,
  ...attemptCases,
  ...holdCases,
  ...resolveCases,
  ...scopeCases,
  ...moneyCases,
  ...raceCases,
  ...historyCases,
];

import { approvalCases } from "./approvals.ts";
import { attemptCases } from "./attempts.ts";
import { batchCases } from "./batches.ts";
import { cancelCases } from "./cancels.ts";
import { chargeCases } from "./charges.ts";
import type { Definition } from "./define.ts";
import { decisionCases } from "./decisions.ts";
import { faultCases } from "./faults.ts";
import { groupCases } from "./groups.ts";
import { historyCases } from "./history.ts";
import { holdCases } from "./holds.ts";
import { jobCases } from "./jobs.ts";
import { leaseCases } from "./leases.ts";
import { moneyCases } from "./money.ts";
import { paidRaceCases } from "./paid-races.ts";
import { raceCases } from "./races.ts";
import { recordCases } from "./records.ts";
import { resolveCases } from "./resolve.ts";
import { retryCases } from "./retries.ts";
import { scopeCases } from "./scopes.ts";
import { zombieCases } from "./zombies.ts";

/** Every case, part by part. */
export const CASES: readonly Definition[] = [
  ...jobCases,
  ...batchCases,
  ...recordCases,
  ...leaseCases,
  ...attemptCases,
  ...holdCases,
  ...resolveCases,
  ...scopeCases,
  ...moneyCases,
  ...raceCases,
  ...historyCases,
  ...approvalCases,
  ...decisionCases,
  ...cancelCases,
  ...chargeCases,
  ...retryCases,
  ...zombieCases,
  ...paidRaceCases,
  ...groupCases,
  ...faultCases,
];

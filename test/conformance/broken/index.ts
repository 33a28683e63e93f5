import { brokenApprovals, brokenCancels } from "./approvals.ts";
import { brokenAttempts } from "./attempts.ts";
import { brokenCharges } from "./charges.ts";
import { brokenDecisions } from "./decisions.ts";
import { brokenFaults } from "./faults.ts";
import { brokenHolds } from "./holds.ts";
import { brokenBatches, brokenJobs, brokenRecords } from "./jobs.ts";
import { brokenLeases } from "./leases.ts";
import { brokenGroups, brokenPaidRaces } from "./paid-races.ts";
import { brokenRaces } from "./races.ts";
import { brokenResolve } from "./resolve.ts";
import { brokenRetries, brokenZombies } from "./retries.ts";
import { brokenMoney, brokenScopes } from "./scopes.ts";
import type { Broken } from "./table.ts";

/** Every store that is broken on purpose: at least one for each case. */
export const BROKEN: readonly Broken[] = [
  ...brokenJobs,
  ...brokenBatches,
  ...brokenRecords,
  ...brokenLeases,
  ...brokenAttempts,
  ...brokenHolds,
  ...brokenResolve,
  ...brokenScopes,
  ...brokenMoney,
  ...brokenRaces,
  ...brokenApprovals,
  ...brokenDecisions,
  ...brokenCancels,
  ...brokenCharges,
  ...brokenRetries,
  ...brokenZombies,
  ...brokenPaidRaces,
  ...brokenGroups,
  ...brokenFaults,
];

import { brokenApprovals, brokenCancels } from "./approvals.ts";
import { brokenAttempts } from "./attempts.ts";
import { brokenCaps } from "./caps.ts";
import { brokenCharges } from "./charges.ts";
import { brokenCorrections } from "./corrections.ts";
import { brokenDeadlines } from "./deadlines.ts";
import { brokenDecidedRaces } from "./decided-races.ts";
import { brokenDecisionIds } from "./decision-ids.ts";
import { brokenDecisions } from "./decisions.ts";
import { brokenFaults } from "./faults.ts";
import { brokenForgets } from "./forget.ts";
import { brokenGiveBacks, brokenRefusals } from "./give-back.ts";
import { brokenHolds } from "./holds.ts";
import { brokenBatches, brokenJobs, brokenRecords } from "./jobs.ts";
import { brokenJournal } from "./journal.ts";
import { brokenLeaseLengths } from "./lease-lengths.ts";
import { brokenLeases } from "./leases.ts";
import { brokenGroups, brokenPaidRaces } from "./paid-races.ts";
import { brokenPauses } from "./pauses.ts";
import { brokenRaces } from "./races.ts";
import { brokenResolve } from "./resolve.ts";
import { brokenRetriedJobs } from "./retried-jobs.ts";
import { brokenRetries, brokenZombies } from "./retries.ts";
import { brokenMoney, brokenScopes } from "./scopes.ts";
import { brokenSubmissions } from "./submissions.ts";
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
  ...brokenDecisionIds,
  ...brokenCorrections,
  ...brokenRetriedJobs,
  ...brokenDeadlines,
  ...brokenLeaseLengths,
  ...brokenGiveBacks,
  ...brokenRefusals,
  ...brokenPauses,
  ...brokenCaps,
  ...brokenSubmissions,
  ...brokenForgets,
  ...brokenJournal,
  ...brokenDecidedRaces,
  ...brokenFaults,
];

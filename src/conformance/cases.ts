import { approvalCases } from "./approvals.ts";
import { attemptCases } from "./attempts.ts";
import { batchCases } from "./batches.ts";
import { cancelCases } from "./cancels.ts";
import { capCases } from "./caps.ts";
import { chargeCases } from "./charges.ts";
import { correctionCases } from "./corrections.ts";
import { deadlineCases } from "./deadlines.ts";
import { decidedFaultCases } from "./decided-faults.ts";
import { decidedRaceCases } from "./decided-races.ts";
import { decisionConflictCases } from "./decision-conflicts.ts";
import { decisionIdCases } from "./decision-ids.ts";
import { decisionCases } from "./decisions.ts";
import type { Definition } from "./define.ts";
import { faultCases } from "./faults.ts";
import { forgetCases } from "./forget.ts";
import { giveBackCases } from "./give-back.ts";
import { groupCases } from "./groups.ts";
import { historyCases } from "./history.ts";
import { holdCases } from "./holds.ts";
import { jobCases } from "./jobs.ts";
import { journalCases } from "./journal.ts";
import { journalJobCases } from "./journal-jobs.ts";
import { leaseLengthCases } from "./lease-lengths.ts";
import { leaseCases } from "./leases.ts";
import { moneyCases } from "./money.ts";
import { paidRaceCases } from "./paid-races.ts";
import { pauseCases } from "./pauses.ts";
import { questionCases } from "./questions.ts";
import { raceCases } from "./races.ts";
import { recordCases } from "./records.ts";
import { refusalCases, unreadableCases } from "./refusals.ts";
import { resolveCases } from "./resolve.ts";
import { retriedJobCases } from "./retried-jobs.ts";
import { retryCases } from "./retries.ts";
import { scopeCases } from "./scopes.ts";
import { submissionCases } from "./submissions.ts";
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
  ...decisionIdCases,
  ...decisionConflictCases,
  ...correctionCases,
  ...retriedJobCases,
  ...deadlineCases,
  ...leaseLengthCases,
  ...giveBackCases,
  ...refusalCases,
  ...unreadableCases,
  ...pauseCases,
  ...capCases,
  ...submissionCases,
  ...forgetCases,
  ...journalCases,
  ...journalJobCases,
  ...questionCases,
  ...decidedRaceCases,
  ...faultCases,
  ...decidedFaultCases,
];

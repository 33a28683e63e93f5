/**
 * What follows from a store's journal: alerts, followers, replays, its state rebuilt, and exports.
 *
 * @module
 */
export { type Crossing, crossings } from "./crossings.ts";
export type {
  ClosedHold,
  JournalDecision,
  JournalEntry,
  JournalFilter,
  JournalKind,
  JournalPage,
  JournalScope,
  OpenedHold,
} from "../dispatch/journal.ts";
export { toCsv, toJsonLines } from "./export.ts";
export { follow, type FollowOptions } from "./follow.ts";
export type {
  AuditDifference,
  HoldFilter,
  InDoubt,
  JobAttempt,
  JobCount,
  JournalQuestions,
  ListedHold,
  ScopeFilter,
  ScopeStatus,
  SpendFilter,
  SpendRow,
} from "../dispatch/questions.ts";
export { type JournalSource, journalEntries } from "./read.ts";
export {
  rebuild,
  type Rebuilt,
  type RebuiltCap,
  type RebuiltHold,
  type RebuiltJob,
  type RebuiltScope,
} from "./rebuild.ts";
export { type RefusedHold, replay, type Replayed, type ReplayedScope } from "./replay.ts";

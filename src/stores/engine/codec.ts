import { Approval } from "../../approval/approval.ts";
import type { HeldScope } from "../../budget/scopes.ts";
import { type MicroCents, microCents } from "../../money/micro-cents.ts";
import type { EpochSeconds } from "../../time.ts";
import type { Attempt, JobRecord } from "./tables.ts";

/** A scope in a database: money crosses every driver as text, since some return inexact numbers above 2^53. */
interface ScopeText {
  readonly scope: string;
  readonly cap: string;
  readonly until: EpochSeconds | null;
}

export function scopesToJson(scopes: readonly HeldScope[]): string {
  return JSON.stringify(
    scopes.map(({ scope, cap, until }): ScopeText => ({ scope, cap: String(cap), until: until ?? null })),
  );
}

/** Reads what {@link scopesToJson} wrote. */
export function scopesFromJson(json: string): readonly HeldScope[] {
  // Only this library writes here.
  const scopes = JSON.parse(json) as readonly ScopeText[];
  return scopes.map(({ scope, cap, until }) => ({ scope, cap: microCents(cap), until }));
}

export function amountsToJson(amounts: readonly MicroCents[]): string {
  return JSON.stringify(amounts.map(String));
}

/** Reads what {@link amountsToJson} wrote. */
export function amountsFromJson(json: string): readonly MicroCents[] {
  // Only this library writes here.
  return (JSON.parse(json) as readonly string[]).map((digits) => microCents(digits));
}

/** Reads an approval that was stringified; `null` is none. */
export function approvalFromJson(json: string | null): Approval | null {
  // Only this library writes here.
  return json === null ? null : new Approval(JSON.parse(json) as Approval);
}

/** Reads a job's error that was stringified; `null` is none. */
export function errorFromJson(json: string | null): JobRecord["error"] {
  // Only this library writes here.
  return json === null ? null : (JSON.parse(json) as JobRecord["error"]);
}

/** Reads attempts that were stringified. */
export function attemptsFromJson(json: string): readonly Attempt[] {
  // Only this library writes here.
  return JSON.parse(json) as readonly Attempt[];
}

import { Approval } from "../../approval/approval.ts";
import type { Tags } from "../../budget/contract.ts";
import type { HeldScope } from "../../budget/scopes.ts";
import { type MicroCents, microCents } from "../../money/micro-cents.ts";
import type { EpochSeconds } from "../../time.ts";
import type { JobBody, JobTerms } from "../../dispatch/job-request.ts";
import type { Attempt, JobRecord } from "./tables.ts";

/** A scope in a database: money crosses every driver as text, since some return inexact numbers above 2^53. */
interface ScopeText {
  readonly scope: string;
  readonly cap: string | null;
  readonly until: EpochSeconds | null;
}

/** Scopes as a database takes them. */
export function scopeTexts(scopes: readonly HeldScope[]): readonly ScopeText[] {
  return scopes.map(({ scope, cap, until }) => ({ scope, cap: cap === null ? null : String(cap), until }));
}

export function scopesToJson(scopes: readonly HeldScope[]): string {
  return JSON.stringify(scopeTexts(scopes));
}

/** Reads what {@link scopesToJson} wrote. */
export function scopesFromJson(json: string): readonly HeldScope[] {
  // Only this library writes here.
  const scopes = JSON.parse(json) as readonly ScopeText[];
  return scopes.map(({ scope, cap, until }) => ({
    scope,
    cap: cap === null ? null : microCents(cap),
    until,
  }));
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

/** Labels as JSON; `null` if there are none. */
export function tagsToJson(tags: Tags): string | null {
  return Object.keys(tags).length === 0 ? null : JSON.stringify(tags);
}

/** Reads what {@link tagsToJson} wrote. */
export function tagsFromJson(json: string | null): Tags {
  // Only this library writes here.
  return Object.freeze(json === null ? {} : (JSON.parse(json) as Tags));
}

/** What a job's request says beside its columns. */
type Terms = JobTerms & Pick<JobBody, "requestedBy" | "maxRunSeconds">;

/** The terms of a job as JSON; `null` if it has none. */
export function termsToJson({ body, terms }: Pick<JobRecord, "body" | "terms">): string | null {
  const { askedScopes, tags, decideBy, claimBy } = terms;
  const { requestedBy, maxRunSeconds } = body;
  const fields = [
    askedScopes && scopesToJson(askedScopes),
    tagsToJson(tags),
    decideBy,
    claimBy,
    requestedBy,
    maxRunSeconds,
  ];
  return fields.every((field) => field === null) ? null : JSON.stringify(fields);
}

/** Reads what {@link termsToJson} wrote. */
export function termsFromJson(json: string | null): Terms {
  if (json === null) return NO_TERMS;
  // Only this library writes here.
  const [scopes, tags, decideBy, claimBy, requestedBy, maxRunSeconds] = JSON.parse(json) as readonly [
    string | null,
    string | null,
    EpochSeconds | null,
    EpochSeconds | null,
    string | null,
    number | null,
  ];
  const askedScopes = scopes === null ? null : scopesFromJson(scopes);
  return { askedScopes, tags: tagsFromJson(tags), decideBy, claimBy, requestedBy, maxRunSeconds };
}

const NO_TERMS: Terms = /* @__PURE__ */ Object.freeze({
  askedScopes: null,
  tags: /* @__PURE__ */ Object.freeze({}),
  decideBy: null,
  claimBy: null,
  requestedBy: null,
  maxRunSeconds: null,
});

/** Reads counts that were stringified. */
export function countsFromJson(json: string): readonly number[] {
  // Only this library writes here.
  return JSON.parse(json) as readonly number[];
}

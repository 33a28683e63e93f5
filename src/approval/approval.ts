import {
  nonBlankText,
  oneOf,
  optional,
  outOfRange,
  read,
  type Reader,
  wrongType,
} from "../internal/check.ts";
import { become, valueReader } from "../internal/value.ts";
import type { EpochSeconds } from "../time.ts";
import { type Bound, type BoundFields, boundFromJson, boundOf } from "./bound.ts";

/** The decision of a person about a job. */
export const ApprovalOutcome: Readonly<{ APPROVED: "approved"; REJECTED: "rejected" }> =
  /* @__PURE__ */ Object.freeze({ APPROVED: "approved", REJECTED: "rejected" });
export type ApprovalOutcome = (typeof ApprovalOutcome)[keyof typeof ApprovalOutcome];

/** A decision as an operation accepts it: an {@link Approval}, or any object with these fields. */
export interface ApprovalFields {
  readonly author: string;
  readonly reason: string;
  /** A `Date`, or an ISO-8601 instant with an offset; by default the time of the store's clock. */
  readonly decidedAt?: Date | string | undefined;
  /** By default the outcome of the operation: approved for `approve` and `submit`, rejected for `reject`. */
  readonly outcome?: ApprovalOutcome | undefined;
  /** What the approval is bound to; by default to nothing but the job. */
  readonly bound?: Bound | BoundFields | undefined;
}

const decided = /* @__PURE__ */ oneOf(ApprovalOutcome);
/** A literal, because a bundler keeps code that reads a property when the module loads. */
const APPROVED: ApprovalOutcome = "approved";

const FIELDS = {
  author: nonBlankText,
  reason: nonBlankText,
  decidedAt: isoInstant,
  outcome: /* @__PURE__ */ optional(decided, APPROVED),
  bound: /* @__PURE__ */ optional(boundOf, undefined),
};

/** The fields of a decision. The original has no `bound`, so it is left out where none was given. */
function kept<Fields extends { readonly outcome: ApprovalOutcome; readonly bound: Bound | undefined }>({
  bound,
  ...fields
}: Fields): Omit<Fields, "bound"> & { readonly bound?: Bound } {
  if (bound === undefined) return fields;
  if (fields.outcome === APPROVED) return { ...fields, bound };
  throw new RangeError("Approval.bound must be left out of a rejection");
}

/**
 * A decision about a job: who decided, why, when and how. A paid job keeps it as its audit record.
 *
 * @example
 * ```ts
 * const approval = new Approval({ author: "alice", reason: "demo", decidedAt: "2026-11-23T09:00:00Z" });
 * approval.outcome; // => "approved"
 * ```
 */
export class Approval {
  declare readonly author: string;
  declare readonly reason: string;
  /** An ISO-8601 instant: a string unchanged, a `Date` in UTC. */
  declare readonly decidedAt: string;
  declare readonly outcome: ApprovalOutcome;
  /** Missing if the approval is bound to nothing but its job. */
  declare readonly bound?: Bound;

  /**
   * @param approval - `decidedAt` is a `Date` or an ISO-8601 date and time with an offset; `outcome` is approved by
   *   default; `bound` is for approvals only.
   * @throws TypeError for a missing or unknown field or a wrong type.
   * @throws RangeError for a blank author or reason, an unknown outcome, an invalid `decidedAt`, or a `bound` that is out
   *   of range or in a rejection.
   */
  constructor(approval: {
    readonly author: string;
    readonly reason: string;
    readonly decidedAt: Date | string;
    readonly outcome?: ApprovalOutcome | undefined;
    readonly bound?: Bound | BoundFields | undefined;
  }) {
    become(this, "Approval", kept(read("Approval", approval, FIELDS)));
  }

  /** Reads the JSON of an approval, in which the ceiling of `bound` is decimal dollars. */
  static fromJSON(json: unknown): Approval {
    return make(read("Approval", json, { ...FIELDS, bound: optional(boundFromJson, undefined) }));
  }
}

/** Outside the class: a bundler renames a class that refers to itself, and the new name would be printed. */
function make(approval: ApprovalFields & { readonly decidedAt: string }): Approval {
  return new Approval(approval);
}

/** A checked decision. `decidedAt` is `null` if the store's clock sets the time. */
export interface ApprovalDraft {
  readonly author: string;
  readonly reason: string;
  readonly decidedAt: string | null;
  readonly outcome: ApprovalOutcome;
  readonly bound?: Bound;
}

/** Reads a decision that must have this outcome. */
export function approvalWith(outcome: ApprovalOutcome): Reader<ApprovalDraft> {
  const fields = { ...FIELDS, decidedAt: optional(isoInstant, null), outcome: optional(decided, outcome) };
  const reader = valueReader("Approval", fields, (read): ApprovalDraft => Object.freeze(kept(read)));
  return (what, value) => {
    const draft = reader(what, value);
    if (draft.outcome === outcome) return draft;
    throw outOfRange(`${what}.outcome`, outcome, draft.outcome);
  };
}

/** The decision with the store's time, unless it has its own. */
export function decidedAt(draft: ApprovalDraft, now: EpochSeconds): Approval {
  return new Approval({ ...draft, decidedAt: draft.decidedAt ?? new Date(now * 1000) });
}

/** The extended format of ISO 8601-1:2019, 5.4.2: a calendar date, a time and an offset from UTC. */
const INSTANT =
  /^(\d{4})-(\d\d)-(\d\d)T(?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d+)?)?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/;

function isoInstant(what: string, value: unknown): string {
  // toJSON() returns null for an invalid Date, although its type does not say so; toISOString() would throw.
  const iso = value instanceof Date ? ((value.toJSON() as string | null) ?? "an invalid Date") : value;
  if (typeof iso !== "string") throw wrongType(what, "a Date or a string", value);
  const [year = NaN, month = NaN, day] = INSTANT.exec(iso)?.slice(1).map(Number) ?? [];
  // Date turns 30 February into a day in March, so a different month means an invalid date.
  if (new Date(Date.UTC(year, month - 1, day)).getUTCMonth() === month - 1) return iso;
  throw outOfRange(what, "an ISO-8601 instant such as 2026-11-23T09:00:00Z, or a valid Date", iso);
}

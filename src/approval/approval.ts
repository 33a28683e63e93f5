import { oneOf, optional, notOurs, outOfRange, read, seal, text, words } from "../internal/check.ts";

/** What a person decided. */
export const ApprovalOutcome: Readonly<{ APPROVED: "approved"; REJECTED: "rejected" }> =
  /* @__PURE__ */ Object.freeze({ APPROVED: "approved", REJECTED: "rejected" });
export type ApprovalOutcome = (typeof ApprovalOutcome)[keyof typeof ApprovalOutcome];

/**
 * Who decided about a job, why, when and how: the audit fact that a paid job carries.
 *
 * @example
 * ```ts
 * const approval = new Approval({ author: "alice", reason: "demo", decidedAt: "2026-11-23T09:00:00Z" });
 * approval.outcome; // => "approved"
 * ```
 */
export class Approval {
  readonly #ours: undefined;
  declare readonly author: string;
  declare readonly reason: string;
  /** An ISO-8601 instant, as it was given. */
  declare readonly decidedAt: string;
  declare readonly outcome: ApprovalOutcome;

  /**
   * @param approval - `decidedAt` is a date and time with an offset: `date.toISOString()` is one.
   * @throws TypeError for a missing or unknown field or a wrong type.
   * @throws RangeError for a blank author or reason, an unknown outcome, or what is no instant.
   */
  constructor(approval: {
    readonly author: string;
    readonly reason: string;
    readonly decidedAt: string;
    readonly outcome?: ApprovalOutcome;
  }) {
    const outcome = optional(oneOf(ApprovalOutcome), ApprovalOutcome.APPROVED);
    const readers = { author: words, reason: words, decidedAt: isoInstant, outcome };
    seal(this, read("Approval", approval, readers, true));
  }

  /** Whether a value is one that this copy of the library made. */
  static is(this: void, value: unknown): value is Approval {
    return typeof value === "object" && value !== null && #ours in value;
  }
}

/** Reads an {@link Approval} of this copy with the outcome that an operation needs. */
export function approvalWith(outcome: ApprovalOutcome): (what: string, value: unknown) => Approval {
  return (what, value) => {
    if (!Approval.is(value)) throw notOurs(what, "Approval", value);
    if (value.outcome === outcome) return value;
    throw outOfRange(`${what}.outcome`, outcome, value.outcome);
  };
}

/** The extended format of ISO 8601-1:2019, 5.4.2: a calendar date, a time and an offset from UTC. */
const INSTANT =
  /^(\d{4})-(\d\d)-(\d\d)T(?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d+)?)?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/;

function isoInstant(what: string, value: unknown): string {
  const given = text(what, value);
  // Stryker disable next-line ArrayDeclaration: only the first element could be one, and it is not read
  const [, year, month, day] = INSTANT.exec(given) ?? [];
  // A Date rolls 30 February over into March: the month that comes back is another one.
  const date = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)));
  if (date.getUTCMonth() + 1 === Number(month)) return given;
  throw outOfRange(what, "an ISO-8601 instant such as 2026-11-23T09:00:00Z", given);
}

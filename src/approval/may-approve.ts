import { identifier, listOf, optional, orNull, read, type Reader } from "../internal/check.ts";
import { outcome } from "../money/outcome.ts";
import { type Instant, instant } from "../time.ts";
import { type Approval, type ApprovalDraft, type ApprovalFields, approvalWith } from "./approval.ts";
import { type Bound, strictest } from "./bound.ts";
import { type Requirements, requirementsOf } from "./requirements.ts";

/**
 * `ok`: the job may be queued. `bound` is what then counts, the strictest of all votes; `null` if none is bound.
 *
 * `voted`: the approval counts, and another author must approve too.
 */
export type MayApprove =
  | { readonly kind: "ok"; readonly bound: Bound | null }
  | { readonly kind: "voted" }
  | { readonly kind: "refused"; readonly reason: ApprovalRefusal };

/**
 * Why a person may not approve, in the order in which it is checked.
 *
 * - `bound_required`: the job takes only a bound approval.
 * - `requested_by_missing`: nobody knows who asked for the job, so a bound approval might be that person's own.
 * - `own_request`: the author asked for the job.
 * - `same_voter`: the author has approved already, and the job wants another.
 */
export type ApprovalRefusal = "bound_required" | "requested_by_missing" | "own_request" | "same_voter";

/** With a literal, because a bundler keeps code that reads a property when the module loads. */
const APPROVED: Reader<ApprovalDraft> = /* @__PURE__ */ approvalWith("approved");

/**
 * Whether a person may approve a job. It checks who approves, and not what: that is {@link checkBound}.
 *
 * Authors are compared exactly, code unit by code unit: `alice` and `Alice` are two. So authors and `requestedBy` must be
 * the stable ids of signed-in people, set by the service.
 *
 * Votes count together if they are bound to the same digest, or if none of them is bound. A bound vote counts until its
 * `until`.
 *
 * @param asked - who asked for the job, `null` if that is unknown; what the job `requires`; the approvals that it has had
 *   since it last began to wait; this approval; and the store's time `now`.
 * @throws TypeError for a missing or unknown field or a wrong type.
 * @throws RangeError for what an {@link Approval} refuses, a rejection, a number of votes that is neither 1 nor 2, or
 *   milliseconds.
 * @example
 * ```ts
 * const alice = { author: "alice", reason: "seen" };
 * const bob = { author: "bob", reason: "seen" };
 * const asked = { requestedBy: "carol", requires: { votes: 2 }, now: new Date("2026-11-23T09:00:00Z") } as const;
 * mayApprove({ ...asked, votes: [], approval: alice }).kind; // => "voted"
 * mayApprove({ ...asked, votes: [alice], approval: bob }).kind; // => "ok"
 * const again = mayApprove({ ...asked, votes: [alice], approval: alice });
 * again.kind === "refused" && again.reason; // => "same_voter"
 * ```
 */
export function mayApprove(asked: {
  readonly requestedBy?: string | null | undefined;
  readonly requires?: Requirements | null | undefined;
  readonly votes?: readonly (Approval | ApprovalFields)[] | undefined;
  readonly approval: Approval | ApprovalFields;
  readonly now: Instant;
}): MayApprove {
  const { requestedBy, requires, votes, approval, now } = read("mayApprove", asked, {
    requestedBy: orNull(identifier),
    requires: requirementsOf,
    votes: optional(listOf(APPROVED), []),
    approval: APPROVED,
    now: instant,
  });
  const { author, bound } = approval;
  if (requires.bound && bound === undefined) return refused("bound_required");
  if (bound !== undefined && requestedBy === null) return refused("requested_by_missing");
  if (author === requestedBy) return refused("own_request");
  const counted = votes.filter(
    (vote) => vote.bound?.digest === bound?.digest && (vote.bound === undefined || now < vote.bound.until),
  );
  const authors = new Set(counted.map((vote) => vote.author));
  if (authors.has(author)) return refused("same_voter");
  if (authors.size + 1 < requires.votes) return outcome({ kind: "voted" });
  const all = counted.flatMap((vote) => vote.bound ?? []);
  return outcome({ kind: "ok", bound: bound === undefined ? null : all.reduce(strictest, bound) });
}

function refused(reason: ApprovalRefusal): MayApprove {
  return outcome({ kind: "refused", reason });
}

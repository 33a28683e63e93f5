import {
  Approval,
  type Bound,
  type DigestedScope,
  epochSeconds,
  type MayApprove,
  runAndMonth,
  usd,
} from "dispatch-kit";
import { createHash } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import * as law from "../laws.ts";
import type { Fields } from "../values.ts";
import { atLeastOne, type Entry, id, KINDS, ledger, positive, read, runAt, valueOf } from "./entry.ts";
import { isoInstant } from "./jobs.ts";
import { cap } from "./money.ts";

const NOW = 1_795_392_000;
const digest = "ab".repeat(32);
const given = { author: "alice", reason: "demo", decidedAt: "2026-11-23T09:00:00Z" };
const terms = { digest, ceiling: usd(2), until: epochSeconds(NOW + 60) };
const first = new Approval({ ...given, bound: { ...terms, ceiling: usd(1) } });
const second = new Approval({ ...given, author: "bob", bound: terms });
// They are bound, as they say.
const bounds = [first.bound, second.bound] as readonly Bound[];

const hex: law.Field = (model) =>
  typeof model === "string" && /^[\da-f]{64}$/.test(model) ? model : law.REFUSED;
const dollars: law.Field = (model) => {
  const exact = typeof model === "string" ? law.decimal(model) : null;
  if (exact === null || (exact.over * 10n ** 8n) % exact.under !== 0n) return law.REFUSED;
  return ledger((exact.over * 10n ** 8n) / exact.under);
};
const boundOf = valueOf({ digest: hex, ceiling: ledger, until: law.instant }, ...bounds);
const approvalOf = valueOf(
  {
    author: law.words,
    reason: law.words,
    decidedAt: law.or(null, isoInstant),
    outcome: law.or("approved", law.exactly("approved")),
    bound: law.or(undefined, boundOf),
  },
  first,
  second,
);
const requirements: law.Field = (model) =>
  law.fieldsOf({ bound: law.or(false, law.flag), votes: law.or(1, law.oneOf([1, 2])) }, model ?? {});

const scopeOf = (...genuine: readonly object[]): law.Field =>
  valueOf({ scope: id, cap: law.orNull(ledger), until: runAt }, ...genuine);
const json: law.Field = (model) => {
  try {
    return typeof model === "string" ? (JSON.parse(model), model) : law.REFUSED;
  } catch {
    return law.REFUSED;
  }
};

const SCOPES: readonly DigestedScope[] = runAndMonth({
  runId: "42",
  at: epochSeconds(NOW),
  cap,
  timeZone: "UTC",
});
const jobOf: law.Field = (model) =>
  law.fieldsOf(
    {
      jobId: id,
      lane: id,
      payload: json,
      backend: law.oneOf(KINDS),
      maxCost: ledger,
      maxAttempts: atLeastOne,
      runAt,
      maxRunSeconds: law.orNull(positive),
      requestedBy: law.orNull(id),
      requires: requirements,
    },
    model,
  );

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

/** JSON of flat fields in the order of their names. */
function sorted(fields: Fields): string {
  const entries = Object.entries(fields).sort(([a], [b]) => (a < b ? -1 : 1));
  const shown = (field: unknown): unknown => (typeof field === "bigint" ? String(field) : field);
  return JSON.stringify(Object.fromEntries(entries.map(([name, field]) => [name, shown(field)])));
}

function sameOutcome(result: unknown, fields: Fields): boolean {
  return Object.isFrozen(result) && isDeepStrictEqual({ ...(result as object) }, fields);
}

/** What {@link mayApprove} must answer. */
function permission(fields: Fields): Fields {
  const { requestedBy, requires, votes, approval, now } = fields as {
    readonly requestedBy: string | null;
    readonly requires: { readonly bound: boolean; readonly votes: number };
    readonly votes: readonly { readonly author: string; readonly bound?: Bound }[];
    readonly approval: { readonly author: string; readonly bound?: Bound };
    readonly now: number;
  };
  const { author, bound } = approval;
  const no = (reason: string): Fields => ({ kind: "refused", reason });
  if (requires.bound && !bound) return no("bound_required");
  if (bound && requestedBy === null) return no("requested_by_missing");
  if (author === requestedBy) return no("own_request");
  const alike = votes.filter((vote) =>
    bound ? vote.bound?.digest === bound.digest && vote.bound.until > now : !vote.bound,
  );
  if (alike.some((vote) => vote.author === author)) return no("same_voter");
  if (alike.length + 1 < requires.votes) return { kind: "voted" };
  return { kind: "ok", bound: bound ?? null };
}

/** Approvals that are bound, and who may approve. */
export const APPROVALS: Readonly<Record<string, Entry>> = {
  "Approval.fromJSON": {
    args: () => [{ ...given, outcome: "approved", bound: { ...terms, ceiling: "2.00" } }],
    law: (result, [model]) => {
      const fields = law.fieldsOf(
        {
          author: law.words,
          reason: law.words,
          decidedAt: isoInstant,
          outcome: law.or("approved", law.oneOf(["approved", "rejected"])),
          bound: law.or(undefined, (bound) =>
            law.fieldsOf({ digest: hex, ceiling: dollars, until: law.instant }, bound),
          ),
        },
        model,
      );
      if (!read(fields) || !(result instanceof Approval)) return false;
      const { bound, ...rest } = fields;
      const { bound: made, ...others } = { ...result };
      if (!isDeepStrictEqual(others, rest)) return false;
      return bound === undefined
        ? made === undefined
        : rest["outcome"] === "approved" && sameOutcome(made, bound as Fields);
    },
  },
  checkBound: {
    args: () => [bounds[1], { digest, booked: usd("1.50"), nextHold: usd(1), now: NOW }],
    law: (result, [model, facts]) => {
      const bound = boundOf(model);
      const seen = law.fieldsOf(
        { digest: hex, booked: law.amount, nextHold: law.amount, now: law.instant },
        facts,
      );
      if (!read(bound) || !read(seen)) return false;
      const { ceiling, until } = bound as unknown as Bound;
      const { booked, nextHold, now } = seen as Readonly<Record<"booked" | "nextHold", bigint>> & {
        now: number;
      };
      const by = booked + nextHold - ceiling;
      if (seen["digest"] !== bound["digest"])
        return sameOutcome(result, { kind: "refused", reason: "other_job" });
      if (by > 0n) return sameOutcome(result, { kind: "refused", reason: "ceiling", by });
      return sameOutcome(result, until > now ? { kind: "ok" } : { kind: "refused", reason: "until", until });
    },
  },
  jobDigest: {
    args: () => [
      {
        storeId: "s-1",
        job: {
          jobId: "42",
          lane: "gpu",
          payload: '{"file":"talk.wav"}',
          backend: "sdk",
          maxCost: usd("0.40"),
          maxAttempts: 2,
          runAt: NOW,
          maxRunSeconds: 600,
          requestedBy: "carol",
          requires: { bound: true, votes: 2 },
        },
        scopes: SCOPES,
      },
    ],
    law: (result, [model]) => {
      const fields = law.fieldsOf({ storeId: id, job: jobOf, scopes: law.listOf(scopeOf(...SCOPES)) }, model);
      if (!read(fields)) return false;
      const { requires, ...job } = fields["job"] as Fields;
      const { bound, votes } = requires as Fields;
      // A name that sorts in the place of `requires`, whose value is no flat one.
      const text = sorted({ ...job, storeId: fields["storeId"], requires: "?" });
      const scopes = [...(fields["scopes"] as readonly Fields[])];
      scopes.sort((a, b) => (String(a["scope"]) < String(b["scope"]) ? -1 : 1));
      return (
        result ===
        sha256(
          sha256(text.replace('"requires":"?"', () => `"requires":${sorted({ bound, votes })}`)) +
            sha256(`[${scopes.map(sorted).join(",")}]`),
        )
      );
    },
  },
  mayApprove: {
    args: () => [
      { requestedBy: "bob", requires: { bound: true, votes: 2 }, votes: [first], approval: second, now: NOW },
    ],
    law: (result, [model]) => {
      const fields = law.fieldsOf(
        {
          requestedBy: law.orNull(id),
          requires: requirements,
          votes: law.or([], law.listOf(approvalOf)),
          approval: approvalOf,
          now: law.instant,
        },
        model,
      );
      if (!read(fields) || !Object.isFrozen(result)) return false;
      const right = permission(fields);
      const { kind, ...rest } = result as MayApprove;
      if (kind !== "ok" || right["kind"] !== "ok") return isDeepStrictEqual({ kind, ...rest }, right);
      const [own, made] = [right["bound"] as Bound | null, (rest as { readonly bound: Bound | null }).bound];
      if (own === null || made === null) return own === made;
      return made.digest === own.digest && made.ceiling <= own.ceiling && made.until <= own.until;
    },
  },
};

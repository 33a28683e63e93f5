import {
  ApprovalOutcome,
  DispatchError,
  epochSeconds,
  isDispatchError,
  type JobStore,
  Lease,
  NoEligibleBackendError,
  NonRetriableError,
  RetriableError,
  SecretMissingError,
  usd,
} from "dispatch-kit";
import * as law from "../laws.ts";
import { isPlain } from "../values.ts";
import { type Entry, id, json, value } from "./entry.ts";

/** The original's table, written down again. */
const MOVES: Readonly<Record<string, readonly string[]>> = {
  pending: ["awaiting_approval", "running", "failed"],
  awaiting_approval: ["approved", "rejected", "failed"],
  approved: ["queued", "failed"],
  queued: ["running", "failed"],
  running: ["succeeded", "failed"],
};

const isMove = ([from, to]: readonly unknown[]): boolean =>
  typeof from === "string" &&
  Object.hasOwn(MOVES, from) &&
  typeof to === "string" &&
  MOVES[from]?.includes(to) === true;

const lease = new Lease({
  jobId: "1",
  leasedAt: epochSeconds(1000),
  attempts: 1,
  token: "t",
});

export const isoInstant: law.Field = (model) => {
  const iso = model instanceof Date && !Number.isNaN(model.getTime()) ? model.toISOString() : model;
  return typeof iso === "string" && /^\d{4}-\d\d-\d\dT.*[Z\d]$/.test(iso) ? iso : law.REFUSED;
};

/** Does not tell what a job has cost: it is charged in full. */
const notTold = (): null => null;

/** A store with one job, which writes down what it is told. */
export function oneJob(): JobStore & { readonly reports: unknown[] } {
  const jobs = [{ lease, payload: "p" }];
  const reports: unknown[] = [];
  return {
    reports,
    claim: () => jobs.pop() ?? null,
    complete: (_, result, options) => {
      reports.push({ result, ...options });
      return { kind: "completed", booked: usd(1), overrun: usd(0) };
    },
    fail: (_, message, options) => {
      reports.push({ message, ...options });
      return { kind: "failed", booked: usd(1), overrun: usd(0) };
    },
    recoverStale: () => ({ attempts: [], ended: [], more: false }),
  };
}

function hasCode(error: unknown): boolean {
  return isPlain(error) && typeof error["code"] === "string";
}

/** Jobs, leases, decisions and errors. */
export const JOBS: Readonly<Record<string, Entry>> = {
  canTransition: {
    args: () => ["failed", "running"],
    law: (result, models) => result === isMove(models),
  },
  ensureTransition: {
    args: () => ["queued", "running"],
    law: (_, models) => isMove(models),
  },
  epochSeconds: {
    args: () => [1000],
    law: (result, [model]) =>
      law.instant(result) !== law.REFUSED &&
      Object.is(result, model instanceof Date ? model.getTime() / 1000 : model),
  },
  isLeaseStale: {
    args: () => [1000, 1059, 60],
    law: (result, models) => {
      const [leasedAt, now] = models.map(law.instant);
      const ttl = law.finite(models[2]);
      if (leasedAt === law.REFUSED || now === law.REFUSED || ttl === law.REFUSED) return false;
      return result === Number(now) - Number(leasedAt) >= Number(ttl);
    },
  },
  shouldGiveUp: {
    args: () => [2, 3],
    law: (result, models) => {
      const [attempts, most] = models as [number, number];
      return models.every((model) => law.whole(model) !== law.REFUSED) && result === attempts >= most;
    },
  },
  drain: {
    trusted: 1,
    args: () => [
      oneJob(),
      () => "result",
      {
        lanes: ["a"],
        signal: new AbortController().signal,
        actualCost: notTold,
        onEvent: () => null,
        leaseSeconds: 60,
      },
    ],
    law: (result, [, , options], [store]) => {
      const { reports } = store as ReturnType<typeof oneJob>;
      const told = isPlain(options) && ![undefined, notTold].includes(options["actualCost"] as undefined);
      return isPlain(result) && reports.every((report) => told || !("actual" in (report as object)));
    },
  },
  "new Approval": {
    args: () => [
      {
        author: "alice",
        reason: "demo",
        decidedAt: "2026-11-23T09:00:00Z",
        outcome: "rejected",
      },
    ],
    law: value({
      author: law.words,
      reason: law.words,
      decidedAt: isoInstant,
      outcome: law.or(ApprovalOutcome.APPROVED, law.oneOf(["approved", "rejected"])),
    }),
  },
  "new Lease": {
    args: () => [{ jobId: "1", leasedAt: 1000, attempts: 1, token: "t" }],
    law: value({
      jobId: id,
      leasedAt: law.instant,
      attempts: law.or(0, law.whole),
      token: id,
    }),
  },
  isDispatchError: {
    args: () => [new Error("x"), "job_unknown"],
    law: (result, [error, code], [given]) => {
      if (typeof result !== "boolean") return false;
      return (
        !result ||
        (given instanceof DispatchError && (code === undefined || code === given.code)) ||
        hasCode(error)
      );
    },
  },
  // Errors are made by whoever throws them; they carry what they are given, and never more than that.
  "new DispatchError": {
    coerces: true,
    args: () => ["store_failed", "the database is gone", { subject: "1", cause: new Error("x") }],
    law: (result) => result instanceof DispatchError && result.name === "DispatchError",
  },
  "new NoEligibleBackendError": {
    coerces: true,
    args: () => ["none can", [{ index: 0, kind: "sdk", reason: "allowSdk is not set" }]],
    law: (result) =>
      result instanceof NoEligibleBackendError && isDispatchError(result, "no_eligible_backend"),
  },
  "new SecretMissingError": {
    coerces: true,
    args: () => ["KEY", { cause: new Error("x") }],
    law: (result) => result instanceof SecretMissingError && isDispatchError(result, "secret_missing"),
  },
  "new RetriableError": {
    coerces: true,
    args: () => ["busy", { actual: usd(1), retryAfterSeconds: 30, cause: new Error("x") }],
    law: (result, _, [, options]) => {
      if (!(result instanceof RetriableError) || !isDispatchError(result, "retriable")) return false;
      // It carries what it is given, which the store checks; what nobody said is charged in full.
      return result.actual === null || Object.hasOwn(Object(options) as object, "actual");
    },
  },
  "new NonRetriableError": {
    coerces: true,
    args: () => ["refused", { actual: usd(1), cause: new Error("x") }],
    law: (result, _, [, options]) => {
      if (!(result instanceof NonRetriableError) || !isDispatchError(result, "non_retriable")) return false;
      return result.actual === null || Object.hasOwn(Object(options) as object, "actual");
    },
  },
  "NonRetriableError#toJSON": json(new NonRetriableError("refused", { actual: usd(1) })),
  "RetriableError#toJSON": json(new RetriableError("busy", { actual: usd(1) })),
};

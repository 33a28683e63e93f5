import { type MicroCents, microCents } from "../money/micro-cents.ts";
import { at, listOf, textOrNull } from "./fields.ts";

/** What a call is about. */
export interface Asked {
  readonly holdId: string | null;
  readonly jobId: string | null;
  readonly lane: string | null;
  /** The names of the scopes that it was called with. */
  readonly scopes: readonly string[];
  /** The amount that it was called with, in micro-cents: to hold, to settle, to pin. */
  readonly amount: MicroCents | null;
}

/** Reads what a call is about from its arguments. It never throws: an argument that cannot be read says nothing. */
export function askedOf(name: string, args: readonly unknown[]): Asked {
  try {
    const fields = Object.hasOwn(ARGUMENTS, name) ? ARGUMENTS[name]?.(...args) : undefined;
    return asked(fields ?? {});
  } catch {
    return asked({});
  }
}

function asked({ holdId, jobId, lane, scope, scopes, amount }: Fields): Asked {
  const names = [scope, ...listOf(scopes).map((one) => at(one, "scope"))];
  return {
    holdId: textOrNull(holdId),
    jobId: textOrNull(jobId),
    lane: textOrNull(lane),
    scopes: Object.freeze(names.filter((one) => typeof one === "string")),
    amount: typeof amount === "bigint" ? microCents(amount) : null,
  };
}

type Fields = Partial<Record<keyof Asked | "scope", unknown>>;

const job = (jobId: unknown): Fields => ({ jobId });
const hold = (holdId: unknown, amount?: unknown): Fields => ({ holdId, amount });
const lane = (name: unknown): Fields => ({ lane: name });
const cap = (scope: unknown, amount?: unknown): Fields => ({ scope, amount });
const attempt = (lease: unknown): Fields => ({ jobId: at(lease, "jobId") });
const again = (jobId: unknown, options: unknown): Fields => ({ jobId, scopes: at(options, "scopes") });

/** What the arguments of each method are about. */
const ARGUMENTS: Readonly<Record<string, (...args: readonly unknown[]) => Fields>> = {
  hold: (request) => ({
    holdId: at(request, "holdId"),
    amount: at(request, "amount"),
    scopes: at(request, "scopes"),
  }),
  settle: hold,
  release: (holdId) => ({ holdId }),
  extend: hold,
  getHold: hold,
  correct: hold,
  usage: cap,
  cap,
  pinCap: cap,
  unpinCap: (scope) => ({ scope }),
  raiseCap: (scope, raise) => ({ scope, amount: at(raise, "to") }),
  submit: (request) => ({
    jobId: at(request, "jobId"),
    lane: at(request, "lane"),
    amount: at(request, "maxCost"),
    scopes: at(at(request, "approved"), "scopes") ?? at(request, "scopes"),
  }),
  approve: (jobId, _, options) => again(jobId, options),
  retry: again,
  reject: job,
  cancel: job,
  job,
  attempts: job,
  complete: attempt,
  fail: attempt,
  renew: attempt,
  pauseLane: lane,
  resumeLane: lane,
};

import { type DispatchStore, Lease } from "dispatch-kit";
import { Holds } from "../../../src/stores/engine/holds.ts";
import type { Tables } from "../../../src/stores/engine/tables.ts";
import type { Operations } from "../../../src/stores/operations.ts";
import { micro } from "../../stores/memory/support.ts";
import type { Defect, Methods } from "../makers.ts";

/** The name of a case, how a store breaks its rule, and the defect. */
export type Broken = readonly [name: string, how: string, defect: Defect];

/** A store with some wrong methods. */
export function methods(change: (store: DispatchStore, clock: () => number) => Methods): Defect {
  return { methods: change };
}

/** A store with some wrong operations; its arguments are still checked. */
export function operations(change: (engine: Operations, tables: Tables) => Partial<Operations>): Defect {
  return { operations: change };
}

/** A store that writes or finds some records wrongly. */
export function tables(change: (tables: Tables) => Partial<Tables>): Defect {
  return { tables: change };
}

/** The lease with the token of the job's current or last attempt. */
export function ofHolder(tables: Tables, lease: Lease): Lease {
  return withToken(lease, tables.job(lease.jobId)?.attempts.at(-1)?.token);
}

/** The lease with the token that belongs to its attempt's number. */
export function byNumber(tables: Tables, lease: Lease): Lease {
  return withToken(lease, tables.job(lease.jobId)?.attempts[lease.attempts - 1]?.token);
}

function withToken({ jobId, leasedAt, attempts, token }: Lease, other: string | undefined): Lease {
  return new Lease({ jobId, leasedAt, attempts, token: other ?? token });
}

/** Adds an amount to `spent` in some scopes. */
export function spend(tables: Tables, scopes: readonly { readonly scope: string }[], amount: bigint): void {
  for (const { scope } of scopes) {
    const { reserved, spent } = tables.counter(scope);
    tables.putCounter(scope, { reserved, spent: spent + amount });
  }
}

/** Corrects the charge of a job's attempt. */
export function correct(tables: Tables, jobId: string, attempt: number, actual: bigint): void {
  new Holds(tables).correctAttempt(jobId, attempt, micro(actual));
}

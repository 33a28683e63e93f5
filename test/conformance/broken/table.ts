import { type DispatchStore, Lease } from "dispatch-kit";
import { Journal } from "../../../src/stores/engine/journal.ts";
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

type Scopes = readonly { readonly scope: string }[];

/** Adds an amount to `spent` in some scopes. */
export function spend(tables: Tables, scopes: Scopes, amount: bigint): void {
  for (const { scope } of scopes) {
    const { reserved, spent } = tables.scope(scope);
    tables.putCounter(scope, reserved, spent + amount);
  }
}

/** Adds an amount to `reserved` in some scopes. */
export function reserve(tables: Tables, scopes: Scopes, amount: bigint): void {
  for (const { scope } of scopes) {
    const { reserved, spent } = tables.scope(scope);
    tables.putCounter(scope, reserved + amount, spent);
  }
}

/** Tables that know no pinned cap. */
export function unpinned(tables: Tables): Partial<Tables> {
  return { scope: (name) => ({ ...tables.scope(name), pin: undefined }) };
}

/** Corrects the charge of a job's attempt. */
export function correct(tables: Tables, jobId: string, attempt: number, actual: bigint): void {
  new Holds(tables, new Journal(tables, null)).correctAttempt(jobId, attempt, micro(actual));
}

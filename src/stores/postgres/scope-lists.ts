import type { HeldScope } from "../../budget/scopes.ts";

/** Scopes, caps and ends as the columns of a hold. */
export function scopeColumns(scopes: readonly HeldScope[]): object {
  return {
    scopes: scopes.map(({ scope }) => scope),
    caps: scopes.map(({ cap }) => (cap === null ? null : String(cap))),
    untils: scopes.map(({ until }) => until),
  };
}

/** Lists of scopes that many requests have in common: each is sent once, with the total that is asked for in it. */
export class ScopeLists {
  readonly #known = new Map<string, { readonly number: number; readonly columns: object; total: bigint }>();

  /** Adds a request's amount to its list. @returns the list's number, counted from 1. */
  add(columns: object, amount: bigint): number {
    const key = JSON.stringify(columns);
    const known = this.#known.get(key) ?? { number: this.#known.size + 1, columns, total: 0n };
    known.total += amount;
    this.#known.set(key, known);
    return known.number;
  }

  /** In the order of their numbers. */
  get all(): readonly object[] {
    return [...this.#known.values()].map(({ columns, total }) => ({ ...columns, total: String(total) }));
  }
}

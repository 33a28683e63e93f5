import type { ScopeCap } from "../../budget/scopes.ts";
import { capOf } from "../../budget/holds.ts";
import { microCents } from "../../money/micro-cents.ts";
import type { LackingAnswer } from "./rows.ts";

export interface Pinned {
  readonly kind: "pinned";
  readonly scope: string;
  readonly pinned: string;
}
export interface Refusal {
  readonly kind: "refused";
  readonly lacking: readonly LackingAnswer[];
}

export function columns(scopes: readonly ScopeCap[]): object {
  return {
    scopes: scopes.map(({ scope }) => scope),
    caps: scopes.map(({ cap }) => String(cap)),
    untils: scopes.map(({ until }) => until ?? null),
  };
}

/** What many have the same of, each once: where they hold, and how much they want there together. */
export class Places {
  readonly #known = new Map<string, { readonly place: number; readonly columns: object; total: bigint }>();

  /** The place in the list, counted from 1. */
  of(columns: object, amount: bigint): number {
    const key = JSON.stringify(columns);
    const known = this.#known.get(key) ?? { place: this.#known.size + 1, columns, total: 0n };
    known.total += amount;
    this.#known.set(key, known);
    return known.place;
  }

  get list(): readonly object[] {
    return [...this.#known.values()].map(({ columns, total }) => ({ ...columns, total: String(total) }));
  }
}

/** The `cap_conflict` of a request against a pinned cap. */
export function pinned(answer: Pinned, scopes: readonly ScopeCap[]): unknown {
  const asked = scopes.find(({ scope }) => scope === answer.scope);
  try {
    return asked && capOf(asked, microCents(answer.pinned));
  } catch (error) {
    return error;
  }
}

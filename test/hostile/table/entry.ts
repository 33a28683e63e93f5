import { NodeIdentity } from "dispatch-kit";
import { isDeepStrictEqual } from "node:util";
import * as law from "../laws.ts";
import type { Fields } from "../values.ts";

/**
 * Whether an answer may stand.
 *
 * @param models - what the arguments honestly say.
 * @param values - the arguments themselves.
 */
export type Law = (result: unknown, models: readonly unknown[], values: readonly unknown[]) => boolean;

/** A public name, called rightly; where it decides, it refuses. */
export interface Entry {
  /** What a method is called on. */
  readonly self?: object;
  /** The right arguments, made anew. */
  readonly args: () => readonly unknown[];
  readonly law: Law;
  /** How many leading arguments are a contract that the user implements: only replaced, not bent. */
  readonly trusted?: number;
  /** Whether it makes text of what it is given, as the constructor of Error does. */
  readonly coerces?: boolean;
}

export const none = (): readonly unknown[] => [];

/** It takes no argument: whatever is given, it answers as ever. */
export const answers = (right: unknown): Entry["law"] => {
  return (result) => isDeepStrictEqual(result, right);
};

/** A value with exactly the fields that were given. */
export const value = (fields: Readonly<Record<string, law.Field>>, missing?: object): Law => {
  return (result, [model]) => law.has(result, law.fieldsOf(fields, model === undefined ? missing : model));
};

/** What is read where a value object is wanted: a genuine one is its fields, anything else as its constructor reads. */
export const valueOf =
  (fields: Readonly<Record<string, law.Field>>, ...genuine: readonly object[]): law.Field =>
  (model) =>
    law.fieldsOf(fields, genuine.includes(model as object) ? { ...(model as object) } : model);

/** Fields that were read, and are not {@link law.REFUSED}. */
export const read = (fields: unknown): fields is Fields => fields !== law.REFUSED;

export const json = (genuine: { toJSON: () => unknown }): Entry => ({
  self: genuine,
  args: none,
  law: answers(genuine.toJSON()),
});

export const gb = law.orNull(law.finite);
export const names = law.orNull(law.listOf(law.nameUpTo(500)));
export const id = law.nameUpTo(200);
export const count = law.or(0, law.whole);
export const positive: law.Field = (model) => (model === 0 ? law.REFUSED : law.finite(model));
/** A number, or `null`, and never missing. */
export const size: law.Field = (model) => (model === null ? null : law.finite(model));
export const KINDS = ["local", "lan_worker", "cloud_worker", "sdk"];
export const nodeFields = { name: id, address: law.orNull(law.nameUpTo(500)) };
export const box = new NodeIdentity({ name: "box" });
/** Micro-cents that a ledger takes. */
export const ledger: law.Field = (model) => {
  const checked = law.amount(model);
  return typeof checked === "bigint" && checked < 2n ** 62n ? checked : law.REFUSED;
};
export const atLeastOne: law.Field = (model) => (model === 0 ? law.REFUSED : law.whole(model));
/** An instant that may be missing. */
export const runAt = law.orNull(law.instant);

import { moneyJson } from "./json.ts";

/** The prototype of every outcome: it can be stringified though it holds money. */
class Outcome {
  toJSON(): unknown {
    return moneyJson(this);
  }
}

/** The same fields, frozen, with a `toJSON()` that writes money as decimal dollars. */
export function outcome<const Fields extends object>(fields: Fields): Readonly<Fields> {
  return Object.freeze(Object.assign(new Outcome(), fields));
}

/** A frozen list of {@link outcome}s. */
export function outcomes<Fields extends object>(list: readonly Fields[]): readonly Readonly<Fields>[] {
  return Object.freeze(list.map((fields) => outcome(fields)));
}

/** An outcome's fields as a plain object, and anything else as it is: what was answered may be passed on. */
export function plain(value: unknown): unknown {
  return value instanceof Outcome ? Object.assign({}, value) : value;
}

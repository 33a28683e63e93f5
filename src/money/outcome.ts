import { moneyJson } from "./json.ts";

/** The prototype of every outcome. JSON.stringify fails on a bigint without this `toJSON()`. */
class Outcome {
  toJSON(): unknown {
    return moneyJson(this);
  }
}

/** A frozen copy of the fields, with a `toJSON()` that writes money as decimal dollars. */
export function outcome<const Fields extends object>(fields: Fields): Readonly<Fields> {
  return Object.freeze(Object.assign(new Outcome(), fields));
}

/** A frozen list of {@link outcome}s. */
export function outcomes<Fields extends object>(list: readonly Fields[]): readonly Readonly<Fields>[] {
  return Object.freeze(list.map((fields) => outcome(fields)));
}

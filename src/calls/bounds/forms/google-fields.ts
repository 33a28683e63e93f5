import { type AnyObject, isObject, presentField } from "../../own-fields.ts";
import { unreadable } from "../outcome.ts";
import { words } from "../reading.ts";

function snake(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** Names in camel case, and the same ones in snake case. */
export function both(names: string): ReadonlySet<string> {
  const camel = words(names);
  return new Set([...camel, ...[...camel].map(snake)]);
}

/**
 * A field in either case.
 *
 * @throws RefusedBoundError for both, also if one is `null`: a limit would be written to that one.
 */
export function either(object: AnyObject, name: string): unknown {
  const other = snake(name);
  if (other !== name && Object.hasOwn(object, name) && Object.hasOwn(object, other)) {
    throw unreadable(`${name} is there in two spellings`);
  }
  return presentField(object, name) ?? presentField(object, other);
}

/** A field in either case that is an object, or an object without fields. */
export function eitherObject(object: AnyObject, name: string): AnyObject {
  const value = either(object, name);
  if (value === undefined) return {};
  if (isObject(value)) return value;
  throw unreadable(`${name} must be an object`);
}

/** The spelling in which a field is there; in camel case if it is missing. */
export function spellingOf(object: AnyObject, name: string): string {
  return Object.hasOwn(object, snake(name)) ? snake(name) : name;
}

import { isObject, isPlain, read, type Reader, readFields, type Readers, wrongType } from "./check.ts";

/** A class whose constructor returns its argument, so that a subclass can add a private name to an existing object. */
// eslint-disable-next-line @typescript-eslint/no-extraneous-class -- subclasses need only its constructor
export class ReturnOverride {
  constructor(value: object) {
    return value;
  }
}

/**
 * Marks the objects that this copy of the library has checked and frozen. The mark is a private name: a clone, a proxy
 * or a look-alike does not have it, and no declared type shows it.
 */
class Mark extends ReturnOverride {
  readonly #type: string;

  constructor(value: object, type: string) {
    super(value);
    this.#type = type;
  }

  static typeOf(value: object): string | null {
    return #type in value ? value.#type : null;
  }
}

/**
 * Marks an instance as one of `type`, defines its checked fields without running a subclass's setters, and freezes it.
 */
export function become(value: object, type: string, fields: object): void {
  new Mark(value, type);
  seal(value, fields);
}

/** {@link become} with the fields of a plain object that the readers accept. */
export function define(value: object, type: string, input: unknown, readers: Readers<object>): void {
  become(value, type, read(type, input, readers));
}

/** {@link become} without the mark, for a class that has its own private name. */
export function seal(value: object, fields: object): void {
  for (const [key, field] of Object.entries(fields)) {
    Object.defineProperty(value, key, { value: field, enumerable: true });
  }
  Object.freeze(value);
}

/** Whether this copy of the library made a value of this type. */
export function isMade(type: string, value: unknown): boolean {
  return isObject(value) && Mark.typeOf(value) === type;
}

/**
 * Reads a value object. One that this copy of the library made is returned as it is. Any other object, such as a clone
 * or one that another copy made, is read by its fields and checked like any input.
 */
export function valueReader<T extends object, Fields extends object>(
  type: string,
  readers: Readers<Fields>,
  make: (fields: Fields) => T,
): Reader<T> {
  const other = foreignReader(type, readers, make);
  // The mark shows that the constructor of T made it.
  return (what, value) => (isMade(type, value) ? (value as T) : other(what, value));
}

/** The part of {@link valueReader} for what this copy of the library did not make. */
export function foreignReader<T extends object, Fields extends object>(
  type: string,
  readers: Readers<Fields>,
  make: (fields: Fields) => T,
): Reader<T> {
  const needed = `${/^[AEIOU]/.test(type) ? "an" : "a"} ${type} or its fields`;
  return (what, value) => make(readAny(what, value, readers, needed));
}

/** Reads the own fields of an object of any class, such as an outcome of this copy of the library or another. */
export function readAny<T extends object>(
  what: string,
  value: unknown,
  readers: Readers<T>,
  needed = "an object",
): T {
  // A Map, a Promise or a Date has no own field, so it would be read as all defaults.
  if (!isObject(value) || Array.isArray(value) || isEmptyInstance(value)) {
    throw wrongType(what, needed, value);
  }
  return readFields(what, value, readers);
}

function isEmptyInstance(value: object): boolean {
  return !isPlain(value) && Reflect.ownKeys(value).length === 0;
}

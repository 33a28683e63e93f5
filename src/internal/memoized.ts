/** Memoizes `make()` by key. A `Map` keeps up to 64 values, because there may be any number of keys. */
export function memoized<Key, Value>(
  made: {
    get(key: Key): Value | undefined;
    set(key: Key, value: Value): unknown;
    /** A `WeakMap` has neither: it forgets by itself. */
    readonly size?: number;
    clear?(): void;
  },
  key: Key,
  make: () => Value,
): Value {
  let value = made.get(key);
  // Stryker disable next-line ConditionalExpression: without it the value is the same, only slower
  if (value === undefined) {
    // Stryker disable next-line all: it only limits the memory
    if (made.size !== undefined && made.size >= 64) made.clear?.();
    value = make();
    // Stryker disable next-line CallExpression: as above
    made.set(key, value);
  }
  return value;
}

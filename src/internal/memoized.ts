/** Memoizes `make()` by key. */
export function memoized<Key, Value>(
  made: { get(key: Key): Value | undefined; set(key: Key, value: Value): unknown },
  key: Key,
  make: () => Value,
): Value {
  let value = made.get(key);
  // Stryker disable next-line ConditionalExpression: without it the value is the same, only slower
  if (value === undefined) {
    value = make();
    // Stryker disable next-line CallExpression: as above
    made.set(key, value);
  }
  return value;
}

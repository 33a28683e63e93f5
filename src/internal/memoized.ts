/** Memoizes `make()` by key. It keeps up to 64 values, because there may be any number of keys. */
export function memoized<Value>(made: Map<string, Value>, key: string, make: () => Value): Value {
  let value = made.get(key);
  // Stryker disable next-line ConditionalExpression: without it the value is the same, only slower
  if (value === undefined) {
    // Stryker disable next-line all: it only limits the memory
    if (made.size >= 64) made.clear();
    value = make();
    // Stryker disable next-line CallExpression: as above
    made.set(key, value);
  }
  return value;
}

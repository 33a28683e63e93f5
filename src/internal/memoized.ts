/** What is slow to make and always the same is made once for each key, and kept. */
export function kept<Key, Value>(
  made: { get(key: Key): Value | undefined; set(key: Key, value: Value): unknown },
  key: Key,
  make: () => Value,
): Value {
  let value = made.get(key);
  // Stryker disable next-line ConditionalExpression: made again it is the same, only slower
  if (value === undefined) {
    value = make();
    // Stryker disable next-line CallExpression: the same
    made.set(key, value);
  }
  return value;
}

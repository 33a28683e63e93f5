/** A copy of an object without one field. */
export function without<T extends object, Key extends keyof T>(value: T, key: Key): Omit<T, Key> {
  const rest = { ...value };
  Reflect.deleteProperty(rest, key);
  return rest;
}

/** Something that takes fields: a constructor, an options object, a plain value. */
export interface Door {
  readonly name: string;
  /** Right fields, with every one that it knows or with those that matter. */
  readonly fields: Readonly<Record<string, unknown>>;
  /** Those that it cannot do without. */
  readonly required: readonly string[];
  /** Calls it with these fields. What comes of it is compared. */
  readonly call: (fields: never) => unknown;
  /** What it knows, if it does not say so itself. */
  readonly known?: readonly string[];
}

/** A door whose fields are given, and those of them that it needs. */
export function door<Fields extends object>(
  name: string,
  fields: Fields,
  required: readonly (keyof Fields & string)[],
  call: (fields: Fields) => unknown,
  known?: readonly string[],
): Door {
  const copy = Object.fromEntries(Object.entries(fields));
  return { name, fields: copy, required, call, ...(known !== undefined && { known }) };
}

interface Found {
  readonly result?: unknown;
  readonly error?: string;
}

/** What came of a call: its result, or its error with its kind. */
export async function outcomeOf({ call }: Door, fields: object): Promise<Found> {
  try {
    return { result: await call(fields as never) };
  } catch (error) {
    if (error instanceof TypeError || error instanceof RangeError) {
      return { error: `${error.name}: ${error.message}` };
    }
    throw error;
  }
}

/** The names of the fields of a door, as it tells them who misspells one. */
export async function fieldsOf(of: Door): Promise<readonly string[]> {
  if (of.known !== undefined) return of.known;
  const { error = "" } = await outcomeOf(of, { ...of.fields, "no such field": 1 });
  const [, names] = /^TypeError: .* has no field "no such field"; its fields are (.*)$/.exec(error) ?? [];
  if (names === undefined) throw new Error(`${of.name} does not say what its fields are: ${error}`);
  return names.split(", ");
}

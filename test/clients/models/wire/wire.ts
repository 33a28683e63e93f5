/** A JSON object. */
export type Fields = Readonly<Record<string, unknown>>;

/** What a request asks of its provider. */
export interface Asked {
  readonly path: string;
  readonly body: Fields;
  /** The model that the request names. */
  readonly model: string;
  /** Another model that serves the request, instead of the one that it names. */
  readonly servedBy: string | null;
  /** Whether the model asks for {@link TOOL} instead of saying {@link WORDS}. */
  readonly callsTool: boolean;
}

/** A wire format: what a provider answers, as it answers it. */
export interface Wire {
  /** Whether the request asks for a stream. */
  readonly streams: (asked: Asked) => boolean;
  /** The answer in one piece. */
  readonly whole: (asked: Asked) => unknown;
  /** The answer as a stream, one event a piece. */
  readonly pieces: (asked: Asked) => readonly string[];
  readonly streamType: string;
  /** The body of an error. */
  readonly failure: (status: number, message: string) => unknown;
  /** The provider's own headers. */
  readonly headers: Readonly<Record<string, string>>;
}

/** A stream that is cut off has this and nothing after it. */
export const FIRST_WORD = "Paris";

/** What every model says. Its letters take up to three bytes, so that a chunk of bytes can end within one. */
export const WORDS: readonly string[] = [FIRST_WORD, " is", " the", " capital", " — naïvely", ", 首都", "."];

/** The tool that a model asks for. */
export const TOOL = { name: "weather", arguments: { city: "Paris" } };

/** When every answer was made, in seconds. */
export const CREATED = 1_795_000_000;

export function fields(value: unknown): Fields {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return { ...value };
  throw new TypeError(`an object is required, not ${JSON.stringify(value)}`);
}

/** An event of a stream that has no name. */
export const data = (value: unknown): string => `data: ${JSON.stringify(value)}\n\n`;

/** An event of a stream, named by its own type. */
export const event = (value: Fields & { readonly type: string }): string =>
  `event: ${value.type}\n${data(value)}`;

/** The model in the answer: the one that is asked for, with a version behind its name. */
export const served = ({ model, servedBy }: Asked, version: string): string =>
  servedBy ?? (model.endsWith(version) ? model : `${model}${version}`);

/** The type of an error by its status. */
export function typeOf<Type extends string>(types: Readonly<Record<number, Type>>, status: number): Type {
  const type = types[status];
  if (type === undefined) throw new RangeError(`no error of this provider has status ${status}`);
  return type;
}

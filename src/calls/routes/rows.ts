import type { ProtocolName } from "../protocols/names.ts";

/** How the body of a bounded request is written: it says where texts, limits and files are. */
export type BodyForm =
  | "anthropic"
  | "bedrock-converse"
  | "cohere-chat"
  | "cohere-embed"
  | "cohere-rerank"
  | "gemini"
  | "gemini-embed"
  | "gemini-interactions"
  | "ollama-chat"
  | "ollama-embed"
  | "ollama-generate"
  | "openai-chat"
  | "openai-compact"
  | "openai-completions"
  | "openai-embeddings"
  | "openai-image-edits"
  | "openai-images"
  | "openai-responses"
  | "voyage-embed"
  | "voyage-multimodal"
  | "voyage-rerank";

/** When an answer is streamed, and in which form. */
export type Streaming =
  | "never"
  /** As server-sent events, if the body's `stream` asks for it. */
  | "sse-if-asked"
  /** As lines of JSON, unless the body's `stream` is `false`. */
  | "ndjson-unless-false"
  /** As server-sent events with `?alt=sse`, as a JSON array without. */
  | "alt"
  | "sse"
  | "aws";

/** A route whose calls cost money that can be bounded. */
export interface Bounded {
  readonly form: BodyForm;
  readonly protocol: ProtocolName;
  readonly streaming: Streaming;
}

/**
 * A route: methods and a path below the provider's base path, and what a request there is: bounded, `"free"`, or the
 * reason why it is refused.
 *
 * In a path, `*` is a segment of harmless characters, `**` is one or more of them, `{model}` and `{region}` are decoded
 * segments, and a path that starts with `/` begins at the host's root. A segment may end in a fixed text:
 * `{model}:countTokens`.
 */
export interface Row {
  readonly methods: readonly string[];
  readonly path: string;
  readonly answer: Bounded | "free" | { readonly refused: string };
}

/** The routes of a provider. */
export interface Family {
  /** The protocol of its errors, and of the answers that no row names. */
  readonly protocol: ProtocolName;
  /** The base paths below which its routes are, without slashes around them. */
  readonly bases: readonly string[];
  /** The first row that fits counts. */
  readonly rows: readonly Row[];
}

/** A bounded POST. */
export function bounded(
  path: string,
  form: BodyForm,
  protocol: ProtocolName,
  streaming: Streaming = "sse-if-asked",
): Row {
  return { methods: ["POST"], path, answer: { form, protocol, streaming } };
}

/** GET routes that cost nothing. */
export function freeToRead(...paths: readonly string[]): readonly Row[] {
  return paths.map((path) => ({ methods: ["GET", "HEAD"], path, answer: "free" }));
}

/** Routes of other methods that cost nothing. */
export function free(methods: readonly string[], ...paths: readonly string[]): readonly Row[] {
  return paths.map((path) => ({ methods, path, answer: "free" }));
}

/** Routes that are refused with a reason of their own. */
export function refused(reason: string, ...paths: readonly string[]): readonly Row[] {
  return paths.map((path) => ({ methods: ["*"], path, answer: { refused: reason } }));
}

export const BATCH = "a batch is billed later than this request, at a cost that its answer does not report";
export const KEYS = "it hands out keys or sessions, whose costs no guard sees";
export const BY_TIME = "it is billed by time, storage or files, and not by tokens";
export const ELSEWHERE = "its instructions, tools or inputs are stored at the provider, and not in the body";
export const LATER = "it starts work that costs money after its answer";
export const NO_REPORT = "it is not billed by a usage report that this guard reads";

/** A family whose rows are made on first use: an import does no work. */
export function family(make: () => Family): Family {
  let made: Family | undefined;
  const rows = (): Family => (made ??= make());
  return {
    get protocol() {
      return rows().protocol;
    },
    get bases() {
      return rows().bases;
    },
    get rows() {
      return rows().rows;
    },
  };
}

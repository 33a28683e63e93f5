import { DispatchError } from "../../errors.ts";
import { ensureClient } from "../options.ts";

/**
 * The part of a PostgreSQL client that the store uses: `Pool` and `Client` of `pg` and `PGlite` fit as they are,
 * others with a function of two lines.
 */
export interface PostgresClient {
  // Method syntax: a client may be stricter about its values than `any[]` says.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- what pg, PGlite and others declare
  query(text: string, values: any[]): Promise<{ readonly rows: unknown[] }>;
}

/** Whether a client is a `Pool` of pg, whose calls run on connections that nobody else uses meanwhile. */
export function isPool(client: object): boolean {
  return "totalCount" in client;
}

/** Refuses what is no client, and a `Pool` of pg, known by its count of connections, where one connection is needed. */
export function ensureConnection(
  what: string,
  needed: string,
  client: object,
  methods: readonly string[],
): void {
  ensureClient(what, needed, client, methods);
  if (isPool(client)) throw new TypeError(`${what} must be ${needed}; got a pool`);
}

/** A value of a statement; the statement casts it from text. */
export type PostgresValue = string | number | boolean | null;

/** The SQLSTATE that the store's own functions raise to undo a batch; the message is JSON. */
const UNDONE = "DK001";
/** A COMMIT inside an open transaction. */
const OPEN_TRANSACTION = "2D000";

/** A batch that was undone because of a conflict, with the conflict. */
export class Undone {
  readonly answer: unknown;

  constructor(answer: unknown) {
    this.answer = answer;
  }
}

/** Runs a statement whose only column is JSON. What the client throws becomes a `DispatchError`. */
export async function ask(
  client: PostgresClient,
  text: string,
  values: readonly PostgresValue[],
): Promise<unknown> {
  let answered: unknown;
  try {
    answered = await client.query(text, [...values]);
  } catch (cause) {
    throw failure(cause);
  }
  // A proxy may return any shape.
  const { rows } = (answered ?? {}) as { readonly rows?: unknown };
  const row: unknown = Array.isArray(rows) ? rows[0] : null;
  const { answer } = (row ?? {}) as { readonly answer?: unknown };
  if (typeof answer !== "string") throw unknownOutcome("the client answered without a row");
  try {
    return JSON.parse(answer);
  } catch (cause) {
    throw unknownOutcome("the client answered what is no JSON", cause);
  }
}

/** Runs a statement without an answer. */
export async function run(client: PostgresClient, text: string): Promise<void> {
  try {
    await client.query(text, []);
  } catch (cause) {
    throw failure(cause);
  }
}

/** What to do where the schema or a function is missing. */
const MIGRATE = "call migrate() once, or, if a newer version has, update this one";

/** Errors before anything was sent: nothing was committed. */
const NOT_SENT = new Set(["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN"]);
/** The same if the connection was not made yet; an established one can report them too. */
const NOT_CONNECTED = new Set(["EHOSTUNREACH", "ENETUNREACH"]);

/** SQLSTATEs of the database itself; a code that begins with E is the system's, such as EPIPE. */
const ANSWERED = /^(?!08|57P|40003|E)[0-9A-Z]{5}$/;

/**
 * A database that answered with an error has undone the statement; one that is going down (57P), that lost sight of
 * it (40003), or that did not answer, may have committed it. Errors are told apart by their codes alone.
 */
function failure(cause: unknown): unknown {
  const { code, message, syscall } = (cause ?? {}) as {
    readonly code?: unknown;
    readonly message?: unknown;
    readonly syscall?: unknown;
  };
  const text = typeof message === "string" ? message : "the client threw what is no error";
  if (code === UNDONE) {
    try {
      return new Undone(JSON.parse(text));
    } catch {
      // The client has changed the message: the batch was undone for a reason that is lost.
    }
  }
  if (code === OPEN_TRANSACTION) {
    const hint = "use within(client) for your own transaction, and a Pool for everything else";
    return new DispatchError("store_failed", `the client is inside an open transaction: ${hint}`, { cause });
  }
  const isKnown = (name: string): boolean =>
    NOT_SENT.has(name) || (NOT_CONNECTED.has(name) && syscall === "connect") || ANSWERED.test(name);
  if (typeof code === "string" && isKnown(code)) {
    const hint = ["3F000", "42883"].includes(code) ? `; ${MIGRATE}` : "";
    return new DispatchError("store_failed", `PostgreSQL: ${text}${hint}`, { cause });
  }
  return unknownOutcome(text, cause);
}

/** The error for an answer that is lost after the statement was sent. */
export function unknownOutcome(text: string, cause?: unknown): DispatchError {
  const unknown = "whether it was committed is unknown, repeat the call with the same ids";
  return new DispatchError("outcome_unknown", `PostgreSQL: ${text}; ${unknown}`, { cause });
}

import type { MicroCents } from "../../money/micro-cents.ts";
import type { TokenUsage } from "../../tokens/fields.ts";
import type { AnyObject } from "../own-fields.ts";
import type { ProtocolName } from "../protocols/names.ts";

/** Thrown inside a reader if a report does not say what a call has used. `actualOf` turns it into an answer. */
export class UncountableError extends Error {}

/**
 * Thrown if an answer says that it is not finished. No other protocol may count it: one that does has not looked at what
 * says so.
 */
export class UnfinishedError extends UncountableError {}

/** Thrown if a report has the shape of no protocol. */
export class NoShapeError extends UncountableError {}

/** What served a request. A field that the report does not state is left out. */
export interface Served {
  readonly model?: string | undefined;
  /** The service tier, as price lists name it: `batches`, `flex`, `priority`; `null` for the standard tier. */
  readonly serviceTier?: string | null | undefined;
  /** The region, if it has prices of its own; `null` if it has none. */
  readonly region?: string | null | undefined;
}

/** A cost that the report states. */
export interface Stated {
  readonly amount: MicroCents;
  /** `bills`: the provider charges it. `counts`: the larger of it and the count. `informs`: an estimate, not booked. */
  readonly standing: "bills" | "counts" | "informs";
}

/** What one request has used. */
export interface Part {
  readonly usage: TokenUsage;
  readonly served: Served;
  readonly stated?: Stated | undefined;
  /** What has no price in a list, such as `"num_server_side_tools_used"`: only a cost that `bills` pays for it. */
  readonly apart: readonly string[];
  /** How many requests these counts are the sum of; `null`: several. Left out: one. */
  readonly requests?: number | null | undefined;
}

/** What a report says: one part for each request that it is about. */
export interface Account {
  readonly parts: readonly Part[];
  /** Numbers of 0 that the protocol does not know. Of several protocols, the one that knows more of a report is right. */
  readonly strange: number;
}

/** What a protocol needs to know besides the report. */
export interface ReadContext {
  /** Whether the caller named the protocol. A report that is passed on is read by every protocol. */
  readonly named: boolean;
  /** Names of numbers that the caller says have no price. */
  readonly informs: readonly string[];
  /** How long the request asked to keep its cache; `null`: the provider's default. */
  readonly cacheTtl: "5m" | "1h" | null;
  /** An earlier report with running totals, of which this one is the continuation. */
  readonly previous: unknown;
  /** The output tokens to count if the report has only the input of a stream that was cut off; otherwise `null`. */
  readonly cutOffAt: number | null;
  /** A report in the spelling of the wire. It is made once, however many protocols ask for it. */
  readonly inWire: (report: AnyObject) => AnyObject;
  /**
   * Reads a report that another one passes on, by every protocol that accounts for it.
   *
   * @returns `null` if it has the shape of no protocol.
   */
  readonly readAny: (report: AnyObject) => Account | null;
}

/** How the reports of one protocol are read. */
export interface Protocol {
  readonly name: ProtocolName;
  /**
   * Reads a report.
   *
   * @returns `null` if the report does not have the shape of this protocol.
   * @throws UncountableError if it has the shape, but does not say what was used.
   */
  readonly read: (report: AnyObject, context: ReadContext) => Account | null;
  /** How the events of a stream become a report; left out if the protocol has no streams of its own. */
  readonly stream?: StreamRules | undefined;
}

/** How a streamed answer becomes a report with the shape of a whole answer. */
export interface StreamRules {
  /**
   * Adds an event to what was seen before.
   *
   * @param report - `null` before the first event.
   * @param event - the parsed JSON of an event, or `"[DONE]"`.
   */
  readonly fold: (report: AnyObject | null, event: unknown) => AnyObject | null;
  /** Whether the answer is complete after this event, even if the connection stays open. */
  readonly isLast: (event: unknown, report: AnyObject | null) => boolean;
}

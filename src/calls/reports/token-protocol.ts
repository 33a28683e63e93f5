import type { TokenUsage } from "../../tokens/fields.ts";
import { type AnyObject, isObject } from "../own-fields.ts";
import type { ProtocolName } from "../protocols/names.ts";
import {
  type Account,
  type Part,
  type Protocol,
  type ReadContext,
  type Served,
  type Stated,
  type StreamRules,
  UncountableError,
  UnfinishedError,
} from "./account.ts";
import { mustFit } from "./fits.ts";
import { grownSince } from "./difference.ts";
import { valueAt } from "./numbers.ts";
import { type Counted, shapeReader, type UsageShape } from "./shape.ts";

/** A usage object, and the response that it is from; a bare usage object has an empty response. */
export interface Reported {
  readonly usage: AnyObject;
  readonly response: AnyObject;
}

/** A protocol whose usage object counts tokens. What its functions are given is in the wire's spelling. */
export interface TokenProtocol {
  readonly name: ProtocolName;
  readonly shape: UsageShape;
  /** Where a response has its usage object: paths, of which the first that fits is read; `["usage"]` by default. */
  readonly at?: readonly string[];
  /** Where an event of a stream has the response, if a caller hands on the event. */
  readonly inEvent?: readonly string[];
  /** Fields that only the responses of other protocols have. A response with one of them is not read. */
  readonly foreign?: readonly string[];
  /** Whether the protocol's client spells the fields in camel case. */
  readonly camelCase?: boolean;
  /** Turns lists in a usage object into fields that the shape can name. */
  readonly prepare?: (usage: AnyObject) => AnyObject;
  /** Says why a response is not finished, or `null`. It is not asked about a bare usage object. */
  readonly unfinished?: (response: AnyObject) => string | null;
  /** What served the request; by default `model` and `service_tier` of the response or its usage. */
  readonly served?: (reported: Reported) => Served;
  readonly stated?: (reported: Reported) => Stated | undefined;
  /** The searches, given the number in the usage; by default that number. */
  readonly searches?: (reported: Reported, counted: number) => number;
  /** Names what the response lists that is billed separately. */
  readonly apart?: (reported: Reported) => readonly string[];
  /** Checks the counts, or completes them. */
  readonly adjust?: (usage: TokenUsage, reported: Reported, context: ReadContext) => TokenUsage;
  /** The requests whose sum the counts are, where the report lists them; by default they are of one request. */
  readonly split?: (whole: Part, reported: Reported, context: ReadContext) => readonly Part[];
  /** Requests whose tokens are outside the usage's own counts. */
  readonly more?: (reported: Reported, context: ReadContext) => readonly Part[];
  /** Whether the counts are running totals of a session's requests, so that the difference to a previous report counts. */
  readonly runningTotal?: boolean;
  /** Whether the first events of a stream already have the whole input. */
  readonly reportsInputFirst?: boolean;
  readonly stream?: StreamRules;
}

/** Makes a {@link Protocol} of its data. */
export function tokenProtocol(protocol: TokenProtocol): Protocol {
  const { name, stream, camelCase = false } = protocol;
  // Made on first use: an import does no work.
  let reader: ReturnType<typeof shapeReader> | undefined;
  return {
    name,
    stream,
    read: (report, context) => {
      reader ??= shapeReader(protocol.shape);
      const { fits, count } = reader;
      const reportedIn = (of: AnyObject): Reported | undefined =>
        find(protocol, fits, of) ?? (camelCase ? find(protocol, fits, context.inWire(of)) : undefined);
      const reported = reportedIn(report);
      if (reported === undefined) return null;
      if (context.previous === undefined) return accountOf(protocol, count, reported, context);
      const before = isObject(context.previous) ? reportedIn(context.previous) : undefined;
      return accountOf(protocol, grownCount(protocol, count, before), reported, context);
    },
  };
}

type Count = ReturnType<typeof shapeReader>["count"];

/** Counts what a running total has grown by since the previous report. */
function grownCount(
  { name, runningTotal }: TokenProtocol,
  count: Count,
  before: Reported | undefined,
): Count {
  if (runningTotal !== true) {
    throw new UncountableError("its counts are no running totals: leave out previous");
  }
  if (before === undefined) throw new UncountableError(`previous does not have the shape of ${name}`);
  return (usage, informs) => {
    const counted = count(usage, informs);
    return { ...counted, usage: grownSince(counted.usage, count(before.usage, informs).usage) };
  };
}

function find(
  { at = ["usage"], inEvent = [], foreign = [], prepare = (usage) => usage }: TokenProtocol,
  fits: (usage: AnyObject) => boolean,
  report: AnyObject,
): Reported | undefined {
  if (fits(report)) return { usage: prepare(report), response: {} };
  for (const response of [report, ...inEvent.map((path) => valueAt(report, path))]) {
    if (!isObject(response) || foreign.some((path) => valueAt(response, path) !== undefined)) continue;
    const usage = at.map((path) => valueAt(response, path)).find((of) => isObject(of) && fits(of));
    if (isObject(usage)) return { usage: prepare(usage), response };
  }
  return undefined;
}

function accountOf(protocol: TokenProtocol, count: Count, reported: Reported, context: ReadContext): Account {
  const { cutOffAt, informs } = context;
  if (cutOffAt === null) {
    const reason = protocol.unfinished?.(reported.response) ?? null;
    if (reason !== null) throw new UnfinishedError(reason);
  } else if (protocol.reportsInputFirst !== true) {
    throw new UncountableError("the stream was cut off before its usage");
  }
  const counted = count(reported.usage, informs);
  const part: Part = {
    usage: usageOf(protocol, counted, reported, context),
    served: protocol.served?.(reported) ?? servedBy(reported),
    stated: protocol.stated?.(reported),
    apart: [...counted.apart, ...(protocol.apart?.(reported) ?? [])],
    ...(protocol.runningTotal === true && { requests: null }),
  };
  refuseNothing(part, protocol.shape);
  const parts = [
    ...(protocol.split?.(part, reported, context) ?? [part]),
    ...(protocol.more?.(reported, context) ?? []),
  ];
  for (const { usage } of parts) mustFit(usage);
  return { parts, strange: counted.strange };
}

function usageOf(
  protocol: TokenProtocol,
  { usage: counted }: Counted,
  reported: Reported,
  context: ReadContext,
): TokenUsage {
  const adjusted = protocol.adjust?.(counted, reported, context) ?? counted;
  const { searches: few = 0, ...counts } = adjusted;
  // What a stream had generated when it was cut off is at most the limit.
  const outputTokens = Math.max(counts.outputTokens, context.cutOffAt ?? 0);
  const usage = { ...counts, outputTokens };
  const searches = protocol.searches?.(reported, few) ?? few;
  return searches > 0 ? { ...usage, searches } : usage;
}

/** An answered request has input, or something else that is billed. A report without it is no report. */
function refuseNothing({ usage, stated, apart }: Part, { input }: UsageShape): void {
  if (usage.inputTokens > 0) return;
  const isBilled = apart.length > 0 || (stated?.standing === "bills" && stated.amount > 0n);
  if (input.length > 0 || !isBilled) throw new UncountableError("the report has no input tokens");
}

/** The model and the tier that a response or its usage names. */
export function servedBy({ usage, response }: Reported): Served {
  const text = (value: unknown): string | undefined =>
    typeof value === "string" && value !== "" ? value : undefined;
  const tier = text(valueAt(response, "service_tier")) ?? text(valueAt(usage, "service_tier"));
  return {
    model: text(valueAt(response, "model")) ?? text(valueAt(usage, "model")),
    ...(tier !== undefined && { serviceTier: tierName(tier) }),
  };
}

/** The name of a tier in price lists: `null` for the standard tier. */
export function tierName(tier: string): string | null {
  const name = tier.toLowerCase();
  if (["default", "standard", "on_demand"].includes(name)) return null;
  if (name === "batch") return "batches";
  return name === "fast" ? "priority" : name;
}

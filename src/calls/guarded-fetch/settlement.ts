import { type MicroCents, microCents } from "../../money/micro-cents.ts";
import { epochSeconds } from "../../time.ts";
import type { TokenUsage } from "../../tokens/fields.ts";
import { type AnyObject, isObject } from "../own-fields.ts";
import { answerRates } from "../bounds/answer-rates.ts";
import { actualFrom } from "../reports/actual-of.ts";
import { protocolOf } from "../reports/accounts.ts";
import { valueAt } from "../reports/numbers.ts";
import { jsonObject } from "../routes/route-of.ts";
import type { StreamForm } from "../routes/route.ts";
import { type Referable, referablesOf } from "./answer-memory.ts";
import { answerStream, type StreamEnd } from "./answer-stream.ts";
import type { PaidCall } from "./call.ts";
import type { GuardOptions } from "./options.ts";
import { eventReader } from "./streams/reader.ts";
import { isUnbilled } from "./unbilled.ts";

/** What an answer cost, or why nobody knows. */
export type Cost =
  | {
      readonly actual: MicroCents;
      readonly usage: TokenUsage | null;
      readonly stated: MicroCents | null;
      readonly without: "cut_off" | "unbilled" | null;
      readonly referables: readonly Referable[];
    }
  | { readonly actual: null; readonly reason: string };

/** An answer to pass on, and its cost: at once, or when a stream has ended. */
export interface Answered {
  readonly response: Response;
  readonly cost: Promise<Cost>;
  /** The body of a response that can be passed on before its cost is known; `null` for any other. */
  readonly stream: ReadableStream<Uint8Array> | null;
}

type Settings = Pick<GuardOptions, "aliases" | "informs" | "prices" | "unbilled">;

/** Passes an answer on, and finds out what it cost. */
export async function answered(response: Response, call: PaidCall, settings: Settings): Promise<Answered> {
  const known = (cost: Cost): Promise<Cost> => Promise.resolve(cost);
  if (!response.ok) {
    return { response, cost: known(costOfError(response.status, call, settings)), stream: null };
  }
  const form = formOf(response, call.route.stream);
  if (response.body === null) {
    return { response, cost: known({ actual: null, reason: "the answer has no body" }), stream: null };
  }
  if (form !== false) return streamed(response, response.body, form, call, settings);
  let bytes: ArrayBuffer;
  try {
    bytes = await response.arrayBuffer();
  } catch (error) {
    if (call.asked.signal?.aborted === true) throw error;
    // The answer had begun. If `fetch` itself failed, clients would take it for a lost connection and ask again.
    const broken: Cost = { actual: null, reason: "the answer broke off" };
    return { response: withBody(response, failing(error)), cost: known(broken), stream: null };
  }
  const cost = costOfReport(jsonOf(bytes), call, settings, null);
  return { response: withBody(response, bytes), cost: known(cost), stream: null };
}

function withBody({ status, statusText, headers }: Response, body: ArrayBuffer | ReadableStream): Response {
  return new Response(body, { status, statusText, headers });
}

/** A body that cannot be read. */
function failing(error: unknown): ReadableStream {
  return new ReadableStream({
    start: (controller) => {
      controller.error(error);
    },
  });
}

function costOfError(status: number, { route, bound }: PaidCall, { unbilled = [] }: Settings): Cost {
  if (isUnbilled(route.provider, { status, serviceTier: bound.serviceTier }, unbilled)) {
    return { actual: microCents(0n), usage: null, stated: null, without: "unbilled", referables: [] };
  }
  return { actual: null, reason: `${route.provider} does not say whether it bills an error ${status}` };
}

/** The form of a stream by its content type, or by the route if the type says nothing. */
function formOf(response: Response, expected: StreamForm): StreamForm {
  const type = (response.headers.get("content-type") ?? "").toLowerCase();
  if (type.startsWith("text/event-stream")) return "sse";
  if (type.startsWith("application/vnd.amazon.eventstream")) return "aws";
  if (/^application\/(?:x-)?(?:ndjson|jsonl)/.test(type)) return "ndjson";
  if (type.startsWith("application/json")) return expected === "json-array" ? expected : false;
  return expected;
}

function streamed(
  response: Response,
  body: NonNullable<Response["body"]>,
  form: Exclude<StreamForm, false>,
  call: PaidCall,
  settings: Settings,
): Answered {
  let settle: (cost: Cost) => void;
  const cost = new Promise<Cost>((resolve) => {
    settle = resolve;
  });
  const rules = protocolOf(call.route.protocol)?.stream;
  const stream = answerStream(body, {
    // Without rules nothing is read, and the cost is unknown.
    rules: rules ?? { fold: () => null, isLast: () => false },
    reader: eventReader(form),
    // Chats come as server-sent events. What comes in another form passes as it is.
    isHidden: call.hidesUsage && form === "sse" ? isUsageChunk : null,
    onEnd: (end) => {
      settle(costOfStream(end, call, settings));
    },
  });
  return { response: withBody(response, stream), cost, stream };
}

/** The chunk that a chat sends only if the request asks for its usage. */
function isUsageChunk(event: unknown): boolean {
  if (!isObject(event) || !isObject(event["usage"])) return false;
  const { choices } = event;
  return !Array.isArray(choices) || choices.length === 0;
}

function costOfStream({ report, isComplete }: StreamEnd, call: PaidCall, settings: Settings): Cost {
  if (hasChoices(call) && (!isComplete || call.route.protocol === "openai-images")) {
    return { actual: null, reason: "of several choices, the stream does not say that all are done" };
  }
  const whole = costOfReport(report, call, settings, null);
  if (whole.actual !== null || isComplete || report === null) return whole;
  // A server-side tool may have added input that was not reported yet.
  if (call.bound.hasServerTools)
    return { actual: null, reason: "the stream was cut off, and tools may have run" };
  const cut = costOfReport(report, call, settings, call.bound.maxOutputTokens);
  return cut.actual === null ? cut : { ...cut, without: "cut_off" };
}

function costOfReport(
  report: unknown,
  call: PaidCall,
  { prices, aliases, informs }: Settings,
  cutOffAt: number | null,
): Cost {
  const { route, bound, at } = call;
  const until = epochSeconds(Math.max(at, Date.now() / 1000));
  const options = {
    protocol: route.protocol,
    model: bound.model,
    serviceTier: tierOf(call) ?? undefined,
    cacheTtl: bound.cacheTtl ?? undefined,
    aliases,
    informs,
    ...(cutOffAt !== null && { cutOffAt }),
  };
  const counted = actualFrom(
    options,
    () => ({ lookUp: answerRates(prices, { route, bound, at, until }) }),
    report,
  );
  if (counted.kind === "unknown") return { actual: null, reason: counted.reason };
  const { actual, usage, stated } = counted;
  const referables = referablesOf(report, usage);
  return { actual, usage, stated, without: null, referables };
}

function jsonOf(bytes: ArrayBuffer): AnyObject | null {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}

/** Whether the request asks for more than one answer. */
function hasChoices({ asked }: PaidCall): boolean {
  const body = jsonObject(asked.text);
  const { generationConfig = body["generation_config"] } = body;
  const counts = [
    body["n"],
    valueAt(generationConfig, "candidateCount"),
    valueAt(generationConfig, "candidate_count"),
  ];
  return counts.some((count) => count !== undefined && count !== null && count !== 1);
}

/**
 * The tier of an answer that names none: what the request names. Where it names none either, the bound takes the dearest
 * that the account may have as its default, and an answer in that tier says so.
 */
function tierOf({ asked, bound }: PaidCall): string | null {
  const isNamed =
    /"service_?tier"/i.test(asked.text) || [...asked.headers.keys()].some((key) => key.includes("tier"));
  return bound.serviceTier === "priority" && !isNamed ? null : bound.serviceTier;
}

import { quote } from "../../internal/text.ts";
import { type MicroCents, microCents } from "../../money/micro-cents.ts";
import { outcome, outcomes } from "../../money/outcome.ts";
import { ownField } from "../own-fields.ts";
import type { Prices } from "../prices/rates-for.ts";
import { routesOf } from "../routes/route-of.ts";
import type { Route } from "../routes/route.ts";
import { type Bid, bidFor, dearestBid } from "./bids.ts";
import { FORMS } from "./forms/read-form.ts";
import { type JsonBody, readBody } from "./json-body.ts";
import { openrouterQuote } from "./openrouter.ts";
import {
  type BoundOptions,
  type BoundRequest,
  type CheckedRequest,
  readOptions,
  readRequest,
  type Wanted,
} from "./options.ts";
import {
  type Bounded,
  type BoundOutcome,
  RefusedBoundError,
  unreadable,
  type WrittenLimit,
} from "./outcome.ts";
import { outputOf } from "./output.ts";
import { type Quote, quotesOf } from "./quotes.ts";
import { newReading, type Reading } from "./reading.ts";
import { openRegion } from "./regions.ts";
import { oneTier, openTiers } from "./tiers.ts";
import { affordableLimit } from "./written-limit.ts";

/**
 * What a request can cost at most, or why nobody can say.
 *
 * The input is bounded by the bytes of its texts, or by a count of the caller's own; pictures and what a provider adds by
 * published numbers; the output by the request's limit or the model's own; and everything that the request leaves open by
 * its dearest form: service tier, region, lifetime of a cache. docs/bounds.md lists every number with its source. Nothing is
 * sent.
 *
 * @param request - the URL, the JSON body, and optionally the method and headers.
 * @param prices - a price list, or a function that gives the current one.
 * @param options - the time of the call, and what the caller knows about the request.
 * @returns a frozen answer: `bounded` with the amount, `free`, or `refused` with the reason.
 * @throws TypeError or RangeError for wrong options or a request without a URL; never for what a body contains.
 * @example
 * ```ts
 * const prices = { "gpt-4o-mini": { input_cost_per_token: 1.5e-7, output_cost_per_token: 6e-7, mode: "chat" } };
 * const request = {
 *   url: "https://api.openai.com/v1/chat/completions",
 *   body: { model: "gpt-4o-mini", max_tokens: 100, messages: [{ role: "user", content: "Hello" }] },
 * };
 * const options = { at: new Date("2026-11-23T09:00:00Z") };
 * const bound = boundOf(request, prices, options);
 * bound.kind === "bounded" && bound.maxOutputTokens; // => 100
 * boundOf({ ...request, body: { ...request.body, background: true } }, prices, options).kind; // => "refused"
 * ```
 */
export function boundOf(request: BoundRequest, prices: Prices, options: BoundOptions): BoundOutcome {
  const checked = readRequest(request);
  const wanted = readOptions(options);
  const { url, method } = checked;
  const routed = routesOf({ url, method, headers: checked.headers }, wanted.hosts);
  const route = routed({});
  if (route.kind !== "bounded") return withoutBound(route);
  const { provider, protocol } = route;
  try {
    const body = readBody(checked.body);
    // The body says whether the answer is streamed, and whether the route is refused after all.
    const whole = routed(body.object);
    return whole.kind === "bounded" ? bounded(whole, body, prices, checked, wanted) : withoutBound(whole);
  } catch (error) {
    if (!(error instanceof RefusedBoundError)) throw error;
    return outcome({ kind: "refused", why: error.why, reason: error.message, provider, protocol });
  }
}

/** The answer for a route that is free or refused. */
function withoutBound(route: Exclude<Route, { readonly kind: "bounded" }>): BoundOutcome {
  if (route.kind === "free") {
    const { kind, provider, protocol } = route;
    return outcome({ kind, amount: microCents(0n), provider, protocol });
  }
  const { kind, reason, provider, protocol } = route;
  return outcome({ kind, why: "route", reason, provider, protocol });
}

function bounded(
  route: Route & { readonly kind: "bounded" },
  body: JsonBody,
  prices: Prices,
  request: CheckedRequest,
  wanted: Wanted,
): Bounded {
  const { provider, protocol } = route;
  const reading = newReading();
  reading.models.push(modelOf(route, body, wanted));
  FORMS[route.form](body.object, reading, provider, wanted);
  reading.tier = oneTier(reading.tier, request.headers);
  // "Our system will add additional formatting tokens" (https://docs.x.ai/developers/rate-limits), without a number.
  if (provider === "xai" && !reading.noOutput) reading.added.push("to every request");
  const quotes = quotesFor(route, body, reading, prices, wanted);
  const bids = quotes.map((quoted) => bidFor(quoted, body, reading, wanted));
  const { bid, limit } = settled(bids, reading, wanted);
  return outcome({
    kind: "bounded",
    amount: bid.amount,
    provider,
    protocol,
    model: bid.quote.model,
    rates: bid.quote.rates,
    limits: Object.freeze(bid.limits),
    serviceTier: bid.quote.serviceTier,
    region: route.region ?? reading.region ?? wanted.region,
    cacheTtl: reading.cache === "5m" || reading.cache === "1h" ? reading.cache : null,
    maxOutputTokens: bid.limits.maxOutputTokens,
    hasServerTools: reading.hasServerTools,
    streams: route.stream !== false,
    numbers: outcomes(bid.numbers),
    ...(limit === null ? {} : { limit: Object.freeze(limit) }),
  });
}

/** The model in the path or in the body, behind its alias. */
function modelOf(route: Route, { object }: JsonBody, { aliases }: Wanted): string {
  const named = route.model ?? ownField(object, "model");
  if (typeof named !== "string" || named.trim() === "") throw unreadable("it names no model");
  if (route.model !== null && Object.hasOwn(object, "model") && route.provider !== "azure") {
    const inBody = ownField(object, "model");
    const same = typeof inBody === "string" && inBody.replace(/^models\//, "") === route.model;
    if (!same) throw unreadable(`its path names the model ${quote(route.model)}, and its body another one`);
  }
  return aliases.get(named) ?? named;
}

function quotesFor(
  route: Route & { readonly kind: "bounded" },
  body: JsonBody,
  reading: Reading,
  prices: Prices,
  wanted: Wanted,
): readonly [Quote, ...Quote[]] {
  if (route.provider === "openrouter") return [openrouterQuote(body.object, reading)];
  const [model = ""] = reading.models;
  const asked = {
    provider: route.provider,
    model,
    tiers: openTiers(route.provider, reading.tier, wanted),
    region: openRegion(route.provider, model, route.region, reading.region, wanted),
    hostRegion: route.region,
    noOutput: reading.noOutput || reading.onlyPictures,
  };
  return quotesOf(prices, asked, wanted);
}

/** The dearest bid, with a limit of the output that `limitOutputTo` pays for. */
function settled(
  bids: readonly Bid[],
  reading: Reading,
  wanted: Wanted,
): { readonly bid: Bid & { readonly amount: MicroCents }; readonly limit: WrittenLimit | null } {
  const money = wanted.limitOutputTo;
  const { path } = reading.output;
  const canWrite = money !== null && path.length > 0 && !reading.noOutput && reading.outputLoops === 1;
  if (canWrite) {
    const limit = affordableLimit(bids, reading, money);
    if (limit !== null) {
      const total = (limit + reading.extraOutput) * reading.choices;
      return { bid: dearestBid(bids, total, limit), limit: { path: Object.freeze([...path]), value: limit } };
    }
  }
  const dearest = bids.map((bid) => {
    const output = outputOf(reading, wanted, bid.quote.maxOutputTokens);
    return dearestBid([bid], output.total, null, output.numbers);
  });
  return { bid: dearest.reduce((most, next) => (next.amount > most.amount ? next : most)), limit: null };
}

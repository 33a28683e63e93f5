import { epochSeconds } from "../../time.ts";
import { boundOf } from "../bounds/bound-of.ts";
import type { Route } from "../routes/route.ts";
import { jsonObject } from "../routes/route-of.ts";
import type { AnswerMemory } from "./answer-memory.ts";
import { writtenBody } from "./body.ts";
import type { PaidCall } from "./call.ts";
import type { About } from "./events.ts";
import type { GuardedRequest, GuardOptions } from "./options.ts";
import { TTL_SECONDS } from "./paid.ts";
import { checked, notBounded, type Refusal, refusalOf } from "./refusal.ts";
import type { AskedRequest } from "./request.ts";
import type { RunContext } from "./scope-context.ts";
import { accountedIn } from "./scopes.ts";

/** What the bound of a request depends on besides the request. */
export interface BoundContext {
  readonly options: GuardOptions;
  /** The answers that the request may refer to. */
  readonly answers: AnswerMemory;
  /** The scopes and tags of the user's request that is being served. */
  readonly run: RunContext | undefined;
}

/**
 * Bounds a request, or says why it is refused.
 *
 * @param about - gets the model and the tags as soon as they are known.
 */
export async function boundedCall(
  asked: AskedRequest,
  route: Extract<Route, { readonly kind: "bounded" }>,
  about: About,
  { options, answers, run }: BoundContext,
): Promise<PaidCall | { readonly refusal: Refusal }> {
  const { prices, aliases, bounds, protocols, credentials, ttlSeconds = TTL_SECONDS } = options;
  const { url, method, text } = asked;
  const at = epochSeconds(Date.now() / 1000);
  const until = epochSeconds(at + ttlSeconds);
  if (text === null) return refused("unreadable", "its body is not JSON");
  const { provider, protocol } = route;
  const named = route.model ?? modelIn(text);
  const model = new Map(Object.entries(aliases ?? {})).get(named) ?? named;
  about.model = model === "" ? null : model;
  const describe = (asks: string): GuardedRequest => {
    return { method, url, headers: asked.headers, body: text, provider, protocol, model: asks };
  };
  try {
    const own = typeof bounds === "function" ? await bounds(describe(named)) : bounds;
    const request = { url, method, body: text, headers: Object.fromEntries(asked.headers) };
    const knownAnswers = (id: string): number | undefined => answers.tokensOf(id, model);
    const bound = checked(() =>
      boundOf(request, prices, { ...own, at, until, aliases, hosts: protocols, knownAnswers }),
    );
    if (bound.kind !== "bounded") return { refusal: notBounded(bound) };
    if (bound.limit !== undefined && credentials === "client") {
      return refused("invalid", "limitOutputTo cannot be written into a body that the client has signed");
    }
    const accounted = await accountedIn(describe(bound.model), options, run);
    about.tags = accounted.tags;
    if (accounted.scopes.length === 0) return refused("no_scopes", "it counts in no scope");
    const holdId = options.holdId?.() ?? `call:${crypto.randomUUID()}`;
    const readable = { ...asked, text };
    const written = writtenBody(readable, route, bound, credentials === "client");
    return { asked: readable, route, bound, holdId, at, ...accounted, ...written };
  } catch (error) {
    return { refusal: refusalOf(error) };
  }
}

function refused(code: string, reason: string): { readonly refusal: Refusal } {
  return { refusal: { code, reason, lacking: [] } };
}

/** The model that a body names; `""` if it names none. `boundOf` refuses such a request. */
function modelIn(body: string): string {
  const { model } = jsonObject(body);
  return typeof model === "string" ? model : "";
}

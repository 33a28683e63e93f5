import type { ExternalEndpoint } from "../../egress.ts";
import { DispatchError } from "../../errors.ts";
import { outcome } from "../../money/outcome.ts";
import { isUnsent } from "../egress-fetch/error.ts";
import { sendAs } from "../egress-fetch/egress-fetch.ts";
import type { ProviderName } from "../protocols/names.ts";
import type { Route } from "../routes/route.ts";
import { routeOf } from "../routes/route-of.ts";
import type { OpenHold } from "../with-hold/open-hold.ts";
import { AnswerMemory } from "./answer-memory.ts";
import { authorizer } from "./authorize.ts";
import { boundedCall } from "./bounded.ts";
import { type Destination, destinationOf } from "./destination.ts";
import type { About, EventDetails } from "./events.ts";
import { asFetchError } from "./network-error.ts";
import { checkedOptions, type GuardOptions } from "./options.ts";
import { paid, type PaidOutcome } from "./paid.ts";
import { type Refusal, refusalOf, refusalResponse } from "./refusal.ts";
import { type AskedRequest, askedRequest } from "./request.ts";
import { contextStorage, type RunContext, someScopes } from "./scope-context.ts";

/** A `fetch` that every client takes, and whose requests stay under the caps. */
export interface GuardedFetch {
  (input: string | URL | Request, init?: RequestInit): Promise<Response>;
  /**
   * Runs a function. Its requests, also those that it makes later, count in more scopes and have more tags: those of the
   * user's request that is being served.
   *
   * @throws DispatchError `unsupported` where the runtime has no `AsyncLocalStorage`.
   * @throws TypeError, RangeError for invalid scopes.
   */
  readonly run: <Result>(context: Partial<RunContext>, fn: () => Result) => Result;
  /**
   * Resolves when every request that was made until now is booked or given up: for a graceful stop. It has no time limit.
   * A stream that its reader has left without cancelling it is given up when it is garbage.
   */
  readonly settled: () => Promise<void>;
}

/**
 * A `fetch` for the clients of paid models that stays under hard caps.
 *
 * Each request is bounded ({@link boundOf}), held in the ledger under an id of its own, recorded and sent to its
 * endpoint only. The answer passes unchanged, and the hold is settled at what it reports ({@link actualOf}). A client's
 * own retries are requests of their own, so they are safe.
 *
 * What cannot be paid, bounded or priced is not sent: the client gets a `402` with the reason, in the form of its
 * provider, and makes one request only. It does not throw for any of that, because clients take an error of `fetch` for a
 * lost connection and try again.
 *
 * If the cost of an answer is unknown, its hold stays open, and counts, until `expire` charges it or somebody settles it.
 *
 * @throws TypeError, RangeError for invalid options. What cannot depend on a request is checked at once.
 * @example
 * ```ts
 * const ledger = memoryStore();
 * const endpoint = new ExternalEndpoint({
 *   name: "openai",
 *   baseUrl: "https://api.openai.com/v1",
 *   secret: new SecretRef("OPENAI_API_KEY"),
 * });
 * const prices = { "gpt-4o-mini": new TokenRates({ inputUsdPerMTok: "0.15", outputUsdPerMTok: "0.60" }) };
 * const usage = { prompt_tokens: 14, completion_tokens: 2, total_tokens: 16 };
 * const guard = guardedFetch({
 *   ledger,
 *   prices,
 *   endpoint,
 *   scopes: [{ scope: runScope("42"), cap: usd("0.01") }],
 *   env: { OPENAI_API_KEY: "sk-123" }, // in a service: leave these three out
 *   log: () => null,
 *   fetch: async () => Response.json({ model: "gpt-4o-mini", choices: [{ finish_reason: "stop" }], usage }),
 * });
 * // new OpenAI({ apiKey: "unused", fetch: guard })
 * const body = JSON.stringify({ model: "gpt-4o-mini", max_tokens: 100, messages: [{ role: "user", content: "Hi" }] });
 * const answer = await guard("https://api.openai.com/v1/chat/completions", { method: "POST", body });
 * answer.status; // => 200
 * formatUsd((await ledger.usage("run:42")).spent); // => "0.0000033"
 * ```
 */
export function guardedFetch(options: GuardOptions): GuardedFetch {
  const guard = new Guard(checkedOptions(options));
  const fetch = async (input: unknown, init?: RequestInit): Promise<Response> => guard.fetch(input, init);
  return Object.freeze(Object.assign(fetch, { run: guard.run, settled: guard.settled }));
}

const EXPIRE_EVERY_SECONDS = 60;

class Guard {
  readonly #options: GuardOptions;
  readonly #endpoints: readonly ExternalEndpoint[];
  readonly #contexts = contextStorage();
  readonly #answers = new AnswerMemory();
  readonly #open = new Set<Promise<unknown>>();
  #expiredAt = -Infinity;

  constructor(options: GuardOptions) {
    this.#options = options;
    this.#endpoints = [options.endpoint].flat();
  }

  async fetch(input: unknown, init: RequestInit | undefined): Promise<Response> {
    const asked = await askedRequest(input, init);
    // OpenAI's client asks for this before it sends a form, to learn what `fetch` can do.
    if (asked.url === "data:,") return new Response("");
    if (asked.signal?.aborted === true) throw asked.signal.reason;
    const { method, url, text } = asked;
    const route = routeOf(
      { method, url, body: text ?? undefined, headers: Object.fromEntries(asked.headers) },
      this.#options.protocols,
    );
    const about: About = {
      holdId: null,
      provider: route.provider,
      protocol: route.protocol,
      model: null,
      tags: {},
    };
    const destination = destinationOf(this.#endpoints, url);
    if (route.kind === "refused")
      return this.#refuse(about, { code: "route", reason: route.reason, lacking: [] });
    if (destination === null) {
      return this.#refuse(about, {
        code: "route",
        reason: "its URL is not below an endpoint of the guard",
        lacking: [],
      });
    }
    const answer =
      route.kind === "free"
        ? await this.#sendFree(asked, destination, route, about)
        : await this.#pay(asked, destination, route, about);
    return "refusal" in answer ? this.#refuse(about, answer.refusal) : answer.response;
  }

  readonly run = <Result>({ scopes = [], tags = {} }: Partial<RunContext>, fn: () => Result): Result => {
    if (this.#contexts === null) {
      throw new DispatchError(
        "unsupported",
        "guard.run needs AsyncLocalStorage, which this runtime does not have",
      );
    }
    const outer = this.#contexts.getStore();
    const inner = someScopes("guard.run: scopes", scopes);
    const context = { scopes: [...(outer?.scopes ?? []), ...inner], tags: { ...outer?.tags, ...tags } };
    return this.#contexts.run(context, fn);
  };

  readonly settled = async (): Promise<void> => {
    await Promise.allSettled(this.#open);
  };

  #refuse(about: About, refusal: Refusal): Response {
    this.#tell(about, { kind: "refused", ...refusal });
    return refusalResponse(about.provider, refusal);
  }

  /** A request that costs nothing: recorded and sent to its endpoint. */
  async #sendFree(
    asked: AskedRequest,
    destination: Destination,
    { provider }: Extract<Route, { readonly kind: "free" }>,
    about: About,
  ): Promise<PaidOutcome> {
    this.#tell(about, { kind: "free" });
    try {
      return { response: await this.#send(asked, destination, provider, { body: asked.body }) };
    } catch (error) {
      if (asked.signal?.aborted !== true && isUnsent(error)) return { refusal: refusalOf(error) };
      throw asFetchError(error);
    }
  }

  async #pay(
    asked: AskedRequest,
    destination: Destination,
    route: Extract<Route, { readonly kind: "bounded" }>,
    about: About,
  ): Promise<PaidOutcome> {
    const call = await boundedCall(asked, route, about, {
      options: this.#options,
      answers: this.#answers,
      run: this.#contexts?.getStore(),
    });
    if ("refusal" in call) return call;
    const { holdId, tags, bound } = call;
    about.holdId = holdId;
    about.tags = tags;
    about.model = bound.model;
    const answer = await paid(call, {
      settings: this.#options,
      send: async (one, hold) => this.#send(asked, destination, route.provider, { body: one.body, hold }),
      tell: (event) => {
        this.#tell(about, event);
      },
      keep: this.#keep,
      remember: (one) => {
        this.#answers.remember(one, bound.model);
      },
    });
    this.#expire();
    return answer;
  }

  /** Records a request and sends it, with the credentials of its endpoint. */
  async #send(
    { url, method, headers, signal }: AskedRequest,
    { endpoint, target }: Destination,
    provider: ProviderName,
    { body, hold }: { readonly body: RequestInit["body"]; readonly hold?: OpenHold },
  ): Promise<Response> {
    const { credentials, env, log, detail, fetch, timeoutSeconds, maxResponseBytes } = this.#options;
    return sendAs(
      endpoint,
      { target, method, headers, body, signal },
      { env, log, detail, fetch, timeoutSeconds, maxResponseBytes, hold },
      authorizer(credentials, { endpoint, provider, env, url, method }),
    );
  }

  #tell(about: About, event: EventDetails): void {
    // A listener must not change what happens to a call, whether it throws or rejects.
    const { onEvent } = this.#options;
    if (onEvent === undefined) return;
    const told = async (): Promise<void> => {
      await onEvent(outcome({ ...about, ...event }));
    };
    told().catch(() => null);
  }

  readonly #keep = (booked: Promise<unknown>): void => {
    this.#open.add(booked);
    // It never rejects.
    void booked.finally(() => this.#open.delete(booked));
    try {
      this.#options.waitUntil?.(booked);
    } catch {
      // The request is sent, or the answer is there: neither must be lost.
    }
  };

  /** Charges holds whose time is over, in passing: nothing waits for it. */
  #expire(): void {
    const { ledger } = this.#options;
    const now = Date.now() / 1000;
    if (ledger.expire === undefined || now < this.#expiredAt + EXPIRE_EVERY_SECONDS) return;
    this.#expiredAt = now;
    const failed = (error: unknown): void => {
      const about = { holdId: null, provider: null, protocol: null, model: null, tags: {} };
      this.#tell(about, { kind: "expire_failed", error });
    };
    const expired = (async () => ledger.expire?.())().catch(failed);
    this.#keep(expired);
  }
}

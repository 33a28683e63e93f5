import {
  BackendCapabilities,
  BackendKind,
  BudgetState,
  ExternalEndpoint,
  SecretRef,
  TokenRates,
  ToolRequirements,
  usd,
} from "dispatch-kit";
import {
  affordableTokens,
  egressFetch,
  type EgressInit,
  endpointFetch,
  metered,
  ratesFromGenaiPrices,
  ratesFromLitellm,
  selectAffordable,
  StreamMeter,
  withHold,
} from "dispatch-kit/calls";
import { memoryStore } from "dispatch-kit/memory";
import { vi } from "vitest";
import { type Door, door } from "./doors.ts";

const rates = new TokenRates({ inputUsdPerMTok: "3", outputUsdPerMTok: "15" });
const needs = new ToolRequirements({ toolId: "t" });
const backend = { kind: BackendKind.LOCAL, capabilities: new BackendCapabilities() };
const room = { scope: "run:1", cap: usd(5), state: new BudgetState({ reserved: usd(1), spent: usd(2) }) };
const maxCost = (): ReturnType<typeof usd> => usd(1);
const at = new Date("2026-11-23T09:00:00Z");
const entry = { id: "m", prices: { input_mtok: 3, output_mtok: 15 } };
const list = { m: { input_cost_per_token: 3e-6, output_cost_per_token: 15e-6 } };
const hold = {
  holdId: "h",
  amount: usd(1),
  scopes: [{ scope: "run:1", cap: usd(1) }],
  ttlSeconds: 60,
};
const { signal } = new AbortController();

/** The variable with the secret, which the test sets. */
export const SECRET = "DISPATCH_KIT_UNDEFINED_TEST";
const endpoint = new ExternalEndpoint({
  name: "api",
  baseUrl: "https://api.example.com",
  secret: new SecretRef(SECRET),
});

type Fetch = (url: string, init: RequestInit) => Promise<Response>;

const sent: unknown[] = [];
const recorder: Fetch = (url, { method, headers, body }) => {
  sent.push([url, method, [...new Headers(headers)], body]);
  return Promise.resolve(new Response("ok"));
};
const options = {
  env: { [SECRET]: "k-1" },
  log: () => null,
  fetch: recorder,
  detail: "job 42",
  header: "x-api-key",
  timeoutSeconds: 5,
  maxResponseBytes: 100,
};

/** What a request was sent as, and what came back; by the platform's `fetch`, if it is not told another. */
async function sentBy(request: () => Promise<Response>): Promise<unknown> {
  sent.length = 0;
  vi.stubGlobal("fetch", recorder);
  try {
    return [await (await request()).text(), [...sent]];
  } finally {
    vi.unstubAllGlobals();
  }
}

async function* chunks(): AsyncGenerator<string> {
  await Promise.resolve();
  yield "a";
  yield "b";
}

/** Every options object of the calls. */
export const CALLS: readonly Door[] = [
  door("withHold", { signal }, [], (given) =>
    withHold(memoryStore(), hold, (context) => ({ value: typeof context.signal, actual: usd(0) }), given),
  ),
  door("withHold: request", hold, ["holdId", "amount", "scopes", "ttlSeconds"], (given) =>
    withHold(memoryStore(), given, () => ({ value: 1, actual: usd(0) })),
  ),
  door("egressFetch: init", { method: "POST", headers: { "x-a": "1" }, body: "b", signal }, [], (given) => {
    const { method, body } = given as EgressInit;
    // A GET has no body.
    const init = method === undefined ? { ...given, body: null } : { ...given, body };
    return sentBy(() => egressFetch(endpoint, "x", init, options));
  }),
  door("egressFetch: options", options, [], (given) => sentBy(() => egressFetch(endpoint, "x", {}, given))),
  door("endpointFetch: options", options, [], (given) =>
    sentBy(() => endpointFetch(endpoint, given)("https://api.example.com/x")),
  ),
  door(
    "StreamMeter",
    { rates, amount: usd("0.01"), maxInputTokens: 1000, maxChunkTokens: 16 },
    ["rates", "amount", "maxInputTokens", "maxChunkTokens"],
    (given) => new StreamMeter(given).decision(),
  ),
  door(
    "metered",
    {
      meter: new StreamMeter({ rates, amount: usd(1), maxInputTokens: 1000, maxChunkTokens: 16 }),
      count: (chunk: string) => ({ text: chunk }),
      hold: { extend: () => Promise.reject(new Error("no")) },
      extendBy: usd(1),
      onStop: () => null,
    },
    ["meter", "count"],
    async (given) => {
      const seen: string[] = [];
      for await (const chunk of metered(chunks(), given)) seen.push(chunk);
      return seen;
    },
  ),
  door(
    "affordableTokens",
    { amount: usd("0.01"), maxInputTokens: 1000 },
    ["amount", "maxInputTokens"],
    (given) => affordableTokens(rates, given),
  ),
  door(
    "selectAffordable",
    { maxCost, scopes: [room], prefer: "cheapest" as const, allowSdk: false },
    ["maxCost", "scopes"],
    (given) => selectAffordable([backend], needs, given),
  ),
  door("selectAffordable.scopes[0]", room, ["scope", "cap", "state"], (given) =>
    selectAffordable([backend], needs, { maxCost, scopes: [given] }),
  ),
  door("ratesFromGenaiPrices", { at, listedAt: at, maxAgeSeconds: 60, noOutput: false }, ["at"], (given) =>
    ratesFromGenaiPrices(entry, given),
  ),
  door(
    "ratesFromLitellm",
    {
      at,
      listedAt: at,
      maxAgeSeconds: 60,
      noOutput: false,
      serviceTier: "flex" as const,
      searchContext: "low" as const,
    },
    ["at"],
    (given) => ratesFromLitellm(list, "m", given),
  ),
];

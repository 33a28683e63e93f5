import Anthropic from "@anthropic-ai/sdk";
import { ExternalEndpoint, SecretRef, usd } from "dispatch-kit";
import { type CallLedger, guardedFetch, type PriceList } from "dispatch-kit/calls";
import OpenAI from "openai";
import { json } from "../../test/support/vectors.ts";
import type { Fetch } from "./provider.ts";
import { HOSTS, MAX_TOKENS, MODELS, TURNS, type Wire } from "./wires.ts";

export const PRICES: PriceList = listOf(json("litellm-prices"));

function listOf(list: unknown): PriceList {
  if (typeof list === "object" && list !== null) return { ...list };
  throw new Error("the price list is no object");
}

export const SCOPES = [
  { scope: "run:1", cap: usd(1_000_000) },
  { scope: "month:2026-11", cap: usd(1_000_000) },
];

export const ENV = { KEY: "sk-123" };

const endpointOf = (name: Wire): ExternalEndpoint =>
  new ExternalEndpoint({ name, baseUrl: HOSTS[name], secret: new SecretRef("KEY") });

export const ENDPOINTS: Readonly<Record<Wire, ExternalEndpoint>> = {
  openai: endpointOf("openai"),
  anthropic: endpointOf("anthropic"),
};

/** A guard with a run's and a month's cap. The audit record goes nowhere: a terminal would cost more than the rest. */
export function guardWith(ledger: CallLedger, fetch: Fetch): Fetch {
  return guardedFetch({
    ledger,
    prices: PRICES,
    endpoint: Object.values(ENDPOINTS),
    scopes: SCOPES,
    tags: { team: "bench" },
    env: ENV,
    log: () => null,
    fetch,
  });
}

/** What the guard sends for a call, as a client makes it. */
export const BODIES: Readonly<Record<Wire, string>> = {
  openai: JSON.stringify({ model: MODELS.openai, max_tokens: MAX_TOKENS, messages: TURNS }),
  anthropic: JSON.stringify({ model: MODELS.anthropic, max_tokens: MAX_TOKENS, messages: TURNS }),
};

/** A client with a `fetch`: its whole calls and its streams. */
export interface Client {
  readonly ask: () => Promise<unknown>;
  /** @param usage - whether the request asks for the usage; Anthropic sends it always. */
  readonly stream: (usage: boolean) => Promise<AsyncIterable<unknown>>;
}

export function clientOf(wire: Wire, fetch: Fetch): Client {
  const settings = { apiKey: "the endpoint's", maxRetries: 0, fetch };
  const model = MODELS[wire];
  const messages = [...TURNS];
  if (wire === "anthropic") {
    const client = new Anthropic({ ...settings, baseURL: HOSTS.anthropic });
    const body = { model, max_tokens: MAX_TOKENS, messages };
    return {
      ask: () => client.messages.create(body),
      stream: () => client.messages.create({ ...body, stream: true }),
    };
  }
  const client = new OpenAI({ ...settings, baseURL: `${HOSTS.openai}/v1` });
  const body = { model, max_tokens: MAX_TOKENS, messages };
  const streamed = { ...body, stream: true as const };
  const asking = { ...streamed, stream_options: { include_usage: true } };
  return {
    ask: () => client.chat.completions.create(body),
    stream: (usage) => client.chat.completions.create(usage ? asking : streamed),
  };
}

/**
 * How full a cap of $25 gets by holds alone: an hour of recorded traffic of a conversation service, whose requests are
 * bounded by their bytes or by a count, with and without an output limit and a service tier. It prints the table of
 * docs/bounds.md, in Markdown.
 *
 * `npm run --silent bench:cap-fill`
 *
 * The trace has token counts only. The prompts are pieces of real texts with as many tokens (trace-texts.ts), sent as one
 * message of a chat. The input that is billed is the trace's count. The durations are those that the demo assumes.
 */
import { estimateTokens, formatUsd, type MicroCents, microCents, TokenRates, usd } from "dispatch-kit";
import { boundOf, type BoundOptions, type PriceList } from "dispatch-kit/calls";
import { countTokens } from "gpt-tokenizer/encoding/o200k_base";
import { LATENCY, MAX_OUTPUT_TOKENS, TEXT_ONLY } from "../../examples/demo/service.ts";
import { type Call, readTrace } from "../../examples/demo/trace.ts";
import { LANGUAGES, promptMaker } from "./trace-texts.ts";

const CAP = usd(25);
const MODEL = "gpt-4o";
const AT = new Date("2026-11-25T10:00:00Z");

/**
 * GPT-4o as LiteLLM's list had it on 2026-07-24: the standard tier, and the priority tier, which is 1.7 times as dear. The
 * most output of the model is on https://developers.openai.com/api/docs/models/gpt-4o.
 */
const PRICES: PriceList = {
  [MODEL]: {
    input_cost_per_token: 2.5e-6,
    output_cost_per_token: 1e-5,
    input_cost_per_token_priority: 4.25e-6,
    output_cost_per_token_priority: 1.7e-5,
    max_input_tokens: 128_000,
    max_output_tokens: 16_384,
    litellm_provider: "openai",
    mode: "chat",
  },
};
const RATES = new TokenRates({ inputUsdPerMTok: "2.5", outputUsdPerMTok: "10" });

/** What a caller states about a request. */
interface Way {
  readonly input: "bytes" | "count";
  /** `max_tokens`; without it the model's own limit counts. */
  readonly hasLimit: boolean;
  /** The service tier; without it the dearest one counts. */
  readonly hasTier: boolean;
}

const WAYS: readonly Way[] = [
  { input: "bytes", hasLimit: false, hasTier: false },
  { input: "bytes", hasLimit: false, hasTier: true },
  { input: "bytes", hasLimit: true, hasTier: false },
  { input: "bytes", hasLimit: true, hasTier: true },
  { input: "count", hasLimit: false, hasTier: true },
  { input: "count", hasLimit: true, hasTier: true },
];

/** A request of the trace, with its upper bounds in the order of the ways. */
interface Bounded {
  readonly call: Call;
  readonly actual: MicroCents;
  readonly bounds: readonly MicroCents[];
}

/** A count has what the chat adds to one message, and a margin of 5%. */
function counted(prompt: string): Required<Pick<BoundOptions, "inputTokens">> {
  const tokens = countTokens(prompt) + 7;
  return { inputTokens: { tokens, margin: Math.ceil(tokens / 20) } };
}

function boundWith({ input, hasLimit, hasTier }: Way, prompt: string): MicroCents {
  const body = {
    model: MODEL,
    messages: [{ role: "user", content: prompt }],
    ...(hasLimit && { max_tokens: MAX_OUTPUT_TOKENS }),
    ...(hasTier && { service_tier: "default" }),
  };
  const request = { url: "https://api.openai.com/v1/chat/completions", body };
  const bound = boundOf(request, PRICES, { at: AT, ...(input === "count" && counted(prompt)) });
  if (bound.kind === "bounded") return bound.amount;
  throw new Error(bound.kind === "refused" ? bound.reason : "a chat is not free");
}

/** A replay of the trace: each hold is settled when its answer is due. */
function replayed(calls: readonly Bounded[], way: number, cap: MicroCents | null): Replayed {
  let open: { readonly due: number; readonly bound: bigint; readonly actual: bigint }[] = [];
  let held = 0n;
  let spent = 0n;
  let most = 0n;
  for (const { call, actual, bounds } of calls) {
    for (const one of open.filter(({ due }) => due <= call.at)) {
      held -= one.bound;
      spent += one.actual;
    }
    open = open.filter(({ due }) => due > call.at);
    const bound = bounds[way] ?? 0n;
    if (cap !== null && spent + held + bound > cap) return { most, spentAtRefusal: spent };
    held += bound;
    if (held > most) most = held;
    const due = call.at + LATENCY.firstTokenSeconds + call.generatedTokens * LATENCY.perTokenSeconds;
    open.push({ due, bound, actual });
  }
  return { most, spentAtRefusal: null };
}

interface Replayed {
  /** The most that was held at once. */
  readonly most: bigint;
  /** What was spent when the first call was refused; `null` if none was. */
  readonly spentAtRefusal: bigint | null;
}

function sum(amounts: readonly bigint[]): bigint {
  return amounts.reduce((total, amount) => total + amount, 0n);
}

function row(language: string, calls: readonly Bounded[], way: Way, at: number): readonly string[] {
  const held = sum(calls.map(({ bounds }) => bounds[at] ?? 0n));
  const spent = sum(calls.map(({ actual }) => actual));
  const { most } = replayed(calls, at, null);
  const { spentAtRefusal } = replayed(calls, at, CAP);
  const share = (amount: bigint): string => `${((100 * Number(amount)) / Number(CAP)).toFixed(0)}%`;
  return [
    language,
    way.input === "bytes" ? "bytes" : "a tokenizer's count",
    way.hasLimit ? String(MAX_OUTPUT_TOKENS) : "the model's, 16,384",
    way.hasTier ? "stated" : "open",
    `${(Number(held) / Number(spent)).toFixed(1)} x`,
    share(most),
    spentAtRefusal === null ? "none refused" : share(spentAtRefusal),
  ];
}

const trace = new URL("../../examples/data/azure-llm-2023-conv.csv", import.meta.url);
const { calls } = readTrace(trace.pathname, MAX_OUTPUT_TOKENS);
const rows = LANGUAGES.flatMap((language) => {
  const prompt = promptMaker(language);
  const bounded = calls.map((call): Bounded => {
    const { contextTokens, generatedTokens } = call;
    const limits = { ...TEXT_ONLY, maxInputTokens: contextTokens, maxOutputTokens: generatedTokens };
    const actual = estimateTokens(RATES, limits);
    const text = prompt(contextTokens);
    const bounds = WAYS.map((way) => boundWith(way, text));
    if (bounds.some((bound) => bound < actual)) throw new Error("a bound is too low");
    return { call, actual, bounds };
  });
  console.log(
    `${language}: ${String(bounded.length)} requests cost $${formatUsd(microCents(sum(bounded.map(({ actual }) => actual))))}`,
  );
  return WAYS.map((way, at) => row(language, bounded, way, at));
});
const columns = [
  "text",
  "input",
  "`max_tokens`",
  "tier",
  "held / spent",
  "held at once",
  "spent at the first refusal",
];
const lines = [columns, columns.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`);
console.log(lines.join("\n"));

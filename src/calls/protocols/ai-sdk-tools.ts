import type { AnyObject } from "../own-fields.ts";
import { type Served, type Stated, UncountableError } from "../reports/account.ts";
import { valueAt } from "../reports/numbers.ts";
import { statedUsd } from "../reports/stated.ts";
import { tierName } from "../reports/token-protocol.ts";
import { googleApart, googleSearches } from "./gemini.ts";
import { listAt, textAt } from "./lists.ts";

/** The details that providers add to a step: `experimental_providerMetadata` in early versions 4. */
export function metadataOf(step: AnyObject): unknown {
  return valueAt(step, "providerMetadata") ?? valueAt(step, "experimental_providerMetadata");
}

/** The model and the tier of a step: the one that answered, or else the one that was asked for. */
export function servedStep(step: AnyObject): Served {
  const metadata = metadataOf(step);
  const [first] = listAt(step, "responses");
  const model = [textAt(step, "response.modelId"), textAt(first, "modelId"), textAt(step, "model.modelId")];
  const name = model.find((of) => of !== "");
  const tiers = ["openai", "azure", "groq", "xai", "google", "vertex", "bedrock"].flatMap((provider) => [
    textAt(metadata, `${provider}.serviceTier`),
    textAt(metadata, `${provider}.serviceTier.type`),
  ]);
  const tier = tiers.find((of) => of !== "");
  const fast = textAt(metadata, "bedrock.performanceConfig.latency") === "optimized";
  return {
    ...(name !== undefined && { model: name }),
    ...(tier !== undefined && { serviceTier: tierName(tier) }),
    ...(fast && { serviceTier: "optimized" }),
  };
}

/**
 * What providers state. A gateway's cost may leave out what the upstream provider charges.
 *
 * Source: `providerMetadata` in @ai-sdk/perplexity 4.0.49 and @ai-sdk/xai 5.0.12; vercel.com/docs/ai-gateway/usage
 */
export function statedStep(step: AnyObject): Stated | undefined {
  const metadata = metadataOf(step);
  const ticks = valueAt(metadata, "xai.costInUsdTicks");
  if (ticks !== undefined) return statedTicks(ticks);
  return (
    statedUsd(metadata, ["perplexity.cost.totalCost"], "bills") ??
    statedUsd(metadata, ["openrouter.usage.cost"], "counts") ??
    statedUsd(metadata, ["gateway.cost"], "counts")
  );
}

/** xAI's ticks are 10^-10 USD. */
function statedTicks(ticks: unknown): Stated | undefined {
  if (typeof ticks !== "number" || !Number.isSafeInteger(ticks)) {
    throw new UncountableError("xai.costInUsdTicks must be a whole number");
  }
  const cost = String(ticks)
    .padStart(11, "0")
    .replace(/(\d{10})$/, ".$1");
  return statedUsd({ cost }, ["cost"], "bills");
}

/** The searches of a step, and what is billed separately. */
export interface StepTools {
  readonly searches: number;
  readonly apart: readonly string[];
}

/**
 * The tools that a provider ran in a step.
 *
 * @param counted - the searches that the provider counts.
 */
export function toolsOf(step: AnyObject, counted: number): StepTools {
  const content = [...listAt(step, "content"), ...listAt(step, "toolCalls"), ...listAt(step, "sources")];
  const calls = content.filter(
    (part) => textAt(part, "type") === "tool-call" && valueAt(part, "providerExecuted") === true,
  );
  const names = calls.map((call) => textAt(call, "toolName"));
  const metadata = metadataOf(step);
  const grounded = ["google", "vertex"].flatMap((provider) => {
    const each = listAt(metadata, `${provider}.groundingMetadataPerRequest`);
    return each.length > 0 ? each : [valueAt(metadata, `${provider}.groundingMetadata`)];
  });
  const queried = listAt(step, "content").filter((part) => isSearchResult(part)).length;
  const searches = Math.max(counted, queried, googleSearches(grounded));
  const isGoogle = /^(?:google|vertex)/.test(textAt(step, "model.provider"));
  return {
    searches,
    apart: [
      ...names.filter((name) => !FREE_TOOL.test(name) && !(isGoogle && name === "code_execution")),
      ...googleApart(grounded),
      ...(searches === 0 && !names.some((name) => FETCH.test(name)) && content.some(isFromWeb)
        ? ["sources without a number of searches"]
        : []),
    ],
  };
}

/** Searches are counted; what a fetch or a search for tools adds are tokens. */
const FREE_TOOL =
  /^(?:web_search(?:_preview)?|web_fetch|url_context|google_search|tool_search\w*|server:(?:google_search|url_context|code_execution|file_search)\w*|mcp\..+)$/i;
const FETCH = /^(?:web_fetch|url_context|server:url_context)$/i;

/** The result of a search by a provider. OpenAI's also opens pages and finds text in them, which is not billed. */
function isSearchResult(part: unknown): boolean {
  if (textAt(part, "type") !== "tool-result" || !/^web_search(?:_preview)?$/.test(textAt(part, "toolName")))
    return false;
  const action = textAt(part, "output.action.type");
  return valueAt(part, "providerExecuted") === true && (action === "" || action === "search");
}

function isFromWeb(part: unknown): boolean {
  return textAt(part, "sourceType") === "url";
}

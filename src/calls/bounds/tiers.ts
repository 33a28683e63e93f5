import { quote } from "../../internal/text.ts";
import type { ProviderName } from "../protocols/names.ts";
import type { Wanted } from "./options.ts";
import { unreadable } from "./outcome.ts";

/** The service tiers that are open to a request. */
export interface OpenTiers {
  /** Tiers that the price list must have; `null` is the standard tier. */
  readonly needed: readonly (string | null)[];
  /** Tiers that count if the price list has them. */
  readonly possible: readonly (string | null)[];
}

const STANDARD: OpenTiers = { needed: [null], possible: [] };

/** Words for the standard tier. */
const STANDARD_NAMES = /^(?:default|standard|standard_only|on_demand|reserved)$/;

/** Providers that may serve a request without a tier in the tier of the account's project. */
const HAS_DEFAULTS: ReadonlySet<ProviderName> = /* @__PURE__ */ new Set(["openai", "azure"]);

/** Providers that refuse a request for flex rather than serve it in another tier. */
const KEEPS_FLEX: ReadonlySet<ProviderName> = /* @__PURE__ */ new Set(["openai"]);

/**
 * The tiers that a request may be served and billed in.
 *
 * OpenAI: `auto` and a missing tier are the project's, which may be priority; flex would be cheaper
 * (https://developers.openai.com/api/docs/guides/fast-mode). `flex` answers 429 without room and is never another tier
 * (https://developers.openai.com/api/docs/guides/flex-processing). `priority` may be served as standard. Anthropic's
 * priority tier is paid in advance, so `auto` costs no more there.
 */
export function openTiers(provider: ProviderName, asked: unknown, wanted: Wanted): OpenTiers {
  if (asked !== undefined && asked !== null && typeof asked !== "string") {
    throw unreadable("its service tier must be a text");
  }
  const named = asked?.toLowerCase() ?? "auto";
  const tier = named === "auto" ? (wanted.defaultTier?.toLowerCase() ?? "auto") : named;
  if (tier === "auto") {
    return HAS_DEFAULTS.has(provider) ? { needed: [null], possible: ["priority"] } : STANDARD;
  }
  if (STANDARD_NAMES.test(tier)) return STANDARD;
  if (tier === "scale") return { needed: [null], possible: ["priority"] };
  if (!/^[a-z_]{1,40}$/.test(tier)) throw unreadable(`its service tier ${quote(tier)} is not known`);
  // Without a price for flex, the standard one counts. Elsewhere a request for flex may be served as standard.
  if (tier === "flex") return { needed: [], possible: KEEPS_FLEX.has(provider) ? ["flex"] : [null, "flex"] };
  // OpenAI's name for priority. Anthropic's fast mode has a factor of its own.
  const needed = tier === "fast" && provider !== "anthropic" ? "priority" : tier;
  return { needed: [needed], possible: [null] };
}

/** Headers that ask for a tier: those of Vertex AI and of Bedrock. */
const TIER_HEADERS = ["x-vertex-ai-llm-shared-request-type", "x-amzn-bedrock-service-tier"] as const;

/**
 * The tier that the body or a header names.
 *
 * @throws RefusedBoundError for two that differ: nobody knows which one counts.
 */
export function oneTier(inBody: unknown, headers: ReadonlyMap<string, string>): unknown {
  const named = [inBody, ...TIER_HEADERS.map((name) => headers.get(name))].filter(
    (tier) => tier !== undefined,
  );
  if (new Set(named).size > 1) throw unreadable("its body and its headers name different service tiers");
  return named[0];
}

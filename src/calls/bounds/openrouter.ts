import { TokenRates } from "../../tokens/rates.ts";
import { type AnyObject, presentField } from "../own-fields.ts";
import { cacheOf } from "./claude.ts";
import { RefusedBoundError, unbounded } from "./outcome.ts";
import type { Quote } from "./quotes.ts";
import { objectField, type Reading } from "./reading.ts";

/**
 * The rates that a request to OpenRouter allows: its `provider.max_price`, in USD per million tokens
 * (https://openrouter.ai/docs/client-sdks/typescript/models/maxprice). A price per request must be limited too.
 *
 * Writes to a cache are not in it. They cost 1.25 times the input at most providers, and twice for an hour.
 *
 * @throws RefusedBoundError without these prices.
 */
export function openrouterQuote(body: AnyObject, reading: Reading): Quote {
  const prices = objectField(objectField(body, "provider"), "max_price");
  const [prompt, completion, request] = ["prompt", "completion", "request"].map((name) =>
    priceOf(prices, name),
  );
  if (prompt === undefined || completion === undefined || request === undefined) {
    throw unbounded(
      "OpenRouter chooses who serves it; set prompt, completion and request in provider.max_price",
    );
  }
  if (reading.pictures > 0 || reading.hasAudio || reading.hasVideo) {
    throw unbounded("OpenRouter may bill its files beside its tokens");
  }
  const [model = ""] = reading.models;
  const input = new TokenRates({ inputUsdPerMTok: prompt, outputUsdPerMTok: completion });
  const rates = new TokenRates({
    ...(model.length > 200 ? {} : { model }),
    inputUsdPerMTok: prompt,
    outputUsdPerMTok: completion,
    cacheWriteUsdPerMTok: input.times("1.25").inputUsdPerMTok,
    ...(cacheOf(body, "cache_control") === "1h"
      ? { cacheWrite1hUsdPerMTok: input.times("2").inputUsdPerMTok }
      : {}),
    requestUsd: request,
  });
  return { model, rates, serviceTier: null, maxInputTokens: null, maxOutputTokens: null };
}

/** A price as decimal text: JSON numbers print as they were written, up to 15 digits. */
function priceOf(prices: AnyObject, name: string): string | undefined {
  const value = presentField(prices, name);
  if (value === undefined) return undefined;
  const text = typeof value === "number" || typeof value === "string" ? String(value) : "";
  if (/^\d{1,9}(?:\.\d{1,12})?$/.test(text)) return text;
  throw new RefusedBoundError("unreadable", `provider.max_price.${name} must be a plain decimal`);
}

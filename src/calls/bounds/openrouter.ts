import { quote } from "../../internal/text.ts";
import { TokenRates } from "../../tokens/rates.ts";
import { type AnyObject, ownField, presentField } from "../own-fields.ts";
import { cacheOf } from "./claude.ts";
import { RefusedBoundError, unbounded, unreadable } from "./outcome.ts";
import type { Quote } from "./quotes.ts";
import { itemsOf, objectField, type Reading } from "./reading.ts";

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
  refuseExtras(body, reading);
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

/**
 * @throws RefusedBoundError for what these prices do not limit: presets (https://openrouter.ai/docs/features/presets),
 *   searches by the name of a model, and pictures and sound.
 */
function refuseExtras(body: AnyObject, reading: Reading): void {
  for (const model of [ownField(body, "model"), ...itemsOf(ownField(body, "models"))]) {
    if (typeof model !== "string") throw unreadable("models must be texts");
    if (model.includes("@")) throw unbounded("the prompt and the tools of a preset are not in the body");
    if (/:online|-search\b|sonar|deep-research|compound/i.test(model)) {
      throw unbounded(`${quote(model)} searches, which no price of provider.max_price limits`);
    }
    if (/image|banana|audio|-tts|lyria/i.test(model)) {
      throw unbounded(`${quote(model)} makes pictures or sound, which have prices of their own`);
    }
  }
  const makesFiles =
    reading.makesPictures || reading.makesAudio || presentField(body, "image_config") !== undefined;
  if (makesFiles || reading.hasAudio)
    throw unbounded("OpenRouter may bill pictures and sound beside its tokens");
}

/** A price as decimal text: JSON numbers print as they were written, up to 15 digits. */
function priceOf(prices: AnyObject, name: string): string | undefined {
  const value = presentField(prices, name);
  if (value === undefined) return undefined;
  const isText = typeof value === "number" || typeof value === "string";
  if (isText && /^\d{1,9}(?:\.\d{1,12})?$/.test(String(value))) return String(value);
  throw new RefusedBoundError("unreadable", `provider.max_price.${name} must be a plain decimal`);
}

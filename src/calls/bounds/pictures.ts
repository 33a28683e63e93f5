import { quote } from "../../internal/text.ts";
import type { ProviderName } from "../protocols/names.ts";
import { claudeVersion } from "./claude.ts";
import type { Wanted } from "./options.ts";
import { type BoundNumber, unbounded } from "./outcome.ts";
import type { Reading } from "./reading.ts";

/** The most tokens of one picture. */
type Cap = Omit<BoundNumber, "name" | "unit">;

const OPENAI_PAGE = {
  source: "developers.openai.com/api/docs/guides/images-vision",
  date: "2026-09",
} as const;

/** Tiles of 512 pixels in 2048 x 768 pixels, the largest size after scaling. */
const MOST_TILES = 8;
/** Patches of 32 pixels in 2048 x 2048 pixels. Some models were billed up to that, above their published budget. */
const MOST_PATCHES = 4_096;

/** OpenAI's models, the first that fits: `[base, tile]` tokens, or a factor for each patch. */
const OPENAI: readonly (readonly [RegExp, readonly [number, number] | number])[] = [
  [/^gpt-4\.1-mini/, 1.62],
  [/^gpt-4\.1-nano/, 2.46],
  [/^gpt-5-nano/, 2.46],
  [/^gpt-5(?:\.1)?(?:-codex)?-mini/, 1.62],
  [/^gpt-5\.[2-3]/, 1.62],
  [/^o4-mini/, 1.72],
  [/^gpt-5(?:\.1)?(?:$|-(?:\d{4}|chat|pro|codex))/, [70, 140]],
  [/^gpt-4o-mini/, [2_833, 5_667]],
  [/^(?:gpt-4o|gpt-4\.1|gpt-4\.5|gpt-4-(?:turbo|vision)|chatgpt-4o)/, [85, 170]],
  [/^o[13]/, [75, 150]],
  [/^computer-use/, [65, 129]],
];

/** Patches of 32 pixels, and tokens of each, of the models from gpt-5.4 on. */
const ORIGINAL = { "5.4": 10_000, "5.5": 10_000, later: 30_000 } as const;
const HIGH = 2_500;
const FACTOR = 1.2;

function openaiCap(name: string, detail: unknown): Cap | null {
  const model = name.replace(/^ft:/, "");
  const newer = /^gpt-(\d+)(?:\.(\d+))?/.exec(model);
  const version = Number(newer?.[1] ?? 0) + Number(newer?.[2] ?? 0) / 10;
  if (version >= 5.4) {
    const original = version >= 5.6 ? ORIGINAL.later : version >= 5.5 ? ORIGINAL["5.5"] : ORIGINAL["5.4"];
    // Without a known level, these models may take the original size.
    const patches = detail === "high" ? HIGH : detail === "low" ? MOST_PATCHES : original;
    return { value: upTo(patches * FACTOR) + 1, standing: "published", ...OPENAI_PAGE, margin: 1 };
  }
  const [, rule] = OPENAI.find(([pattern]) => pattern.test(model)) ?? [];
  if (rule === undefined) return null;
  if (typeof rule === "number") {
    const value = upTo(MOST_PATCHES * rule);
    return { value, standing: "published", ...OPENAI_PAGE, margin: value - upTo(1_536 * rule) };
  }
  const [base, tile] = rule;
  return { value: base + MOST_TILES * tile, standing: "published", ...OPENAI_PAGE };
}

/** Rounds up what float arithmetic may have made a little too large. */
function upTo(tokens: number): number {
  return Math.ceil(tokens - 1e-6);
}

function claudeCap(model: string): Cap {
  // A version that is not known may have the higher resolution of 4.7 and later.
  const version = claudeVersion(model);
  const tokens = version !== null && version < 407 ? 1_568 : 4_784;
  // An older copy of the page says "about 1,600" tokens, and 3 or 4 tokens around a picture were measured.
  const margin = 40;
  return {
    value: tokens + margin,
    standing: "published",
    source: "platform.claude.com/docs/en/build-with-claude/vision",
    date: "2026-09",
    margin,
  };
}

function geminiCap(model: string, detail: unknown): Cap {
  const page = { source: "ai.google.dev/gemini-api/docs/media-resolution", date: "2026-07" } as const;
  // A name without a version, such as `gemini-flash-latest`, may stand for the dearer models before 3.
  const version = Number(/gemini-(\d+)/.exec(model)?.[1] ?? 0);
  if (version < 3) {
    // Its page says "about 2,048" beside 256; 13 tiles of 258 were measured.
    const isLow = detail === "MEDIA_RESOLUTION_LOW" || detail === "MEDIA_RESOLUTION_MEDIUM";
    if (isLow && version > 0) return { value: 300, standing: "published", ...page, margin: 44 };
    return { value: 3_354, standing: "measured", ...page, margin: 1_050 };
  }
  const levels: ReadonlyMap<unknown, number> = new Map<unknown, number>([
    ["MEDIA_RESOLUTION_LOW", 280],
    ["MEDIA_RESOLUTION_MEDIUM", 560],
    ["MEDIA_RESOLUTION_HIGH", 1_120],
    ["MEDIA_RESOLUTION_UNSPECIFIED", 1_120],
    [undefined, 1_120],
    [null, 1_120],
  ]);
  // The counts are called approximate; measured ones were lower.
  // A level that is not known by its name, such as a number, may be the highest.
  const tokens = levels.get(detail) ?? 2_240;
  const margin = Math.ceil(tokens / 10);
  return { value: tokens + margin, standing: "published", ...page, margin };
}

/** The published cap of a picture; `null` if there is none. */
function capOf(provider: ProviderName, model: string, detail: unknown): Cap | null {
  if (model.includes("claude")) return claudeCap(model);
  switch (provider) {
    case "openai":
    case "azure":
      return openaiCap(model, detail);
    case "gemini":
    case "vertex":
      return model.includes("gemini") ? geminiCap(model, detail) : null;
    case "xai":
      return {
        value: 1_792,
        standing: "published",
        source: "docs.x.ai/developers/rate-limits",
        date: "2026-09",
      };
    default:
      return null;
  }
}

/**
 * Adds a picture of the body to a reading.
 *
 * @throws RefusedBoundError if its model has no published cap and the options have none.
 */
export function addPicture(
  reading: Reading,
  provider: ProviderName,
  detail: unknown,
  { pictureTokens, inputTokens, maxInputTokens }: Wanted,
): void {
  reading.pictures++;
  if (inputTokens !== null) return;
  if (pictureTokens !== null) {
    reading.numbers.push({ name: "picture", value: pictureTokens, unit: "tokens", standing: "stated" });
    return;
  }
  for (const model of reading.models) {
    const cap = capOf(provider, model, detail);
    if (cap !== null) reading.numbers.push({ name: "picture", unit: "tokens", ...cap });
    else if (maxInputTokens !== null) reading.uncapped.push("its pictures");
    else throw unbounded(`${quote(model)} has no published cap for pictures; set pictureTokens`);
  }
}

/**
 * Adds a file of the body that is not a picture to a reading.
 *
 * @throws RefusedBoundError if the options do not say how many tokens it has.
 */
export function addFile(reading: Reading, what: string, wanted: Wanted): void {
  reading.hasFiles = true;
  const { inputTokens, fileTokens, maxInputTokens } = wanted;
  if (inputTokens !== null) return;
  if (fileTokens !== null) {
    reading.numbers.push({ name: what, value: fileTokens, unit: "tokens", standing: "stated" });
  } else if (maxInputTokens !== null) reading.uncapped.push(`its ${what}`);
  else {
    throw unbounded(`nobody knows the tokens of its ${what}; set fileTokens, inputTokens or maxInputTokens`);
  }
}

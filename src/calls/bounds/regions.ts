import type { ProviderName } from "../protocols/names.ts";
import { claudeVersion } from "./claude.ts";
import type { Wanted } from "./options.ts";

/** Where a call may run, and the factor on its token prices if the price list has none for it. */
export interface OpenRegion {
  readonly name: string;
  readonly factor: string;
  /** What stands in a list's name of the model if its price is the region's own; `null` if no name says so. */
  readonly listedAs: string | null;
}

const SURCHARGE = "1.1";

/**
 * The dearest region that is open to a request; `null` if none costs more.
 *
 * - OpenAI's regional hosts: 10% for models from 2026-03-05 on (https://developers.openai.com/api/docs/pricing); older ones
 *   are bounded with it too. xAI's regional hosts: 10% (https://docs.x.ai/developers/pricing).
 * - Anthropic: 1.1 for `inference_geo: "us"`, which a workspace may have as its default, from Opus 4.6 on
 *   (https://platform.claude.com/docs/en/manage-claude/data-residency).
 * - Bedrock: 10% for Claude from 4.5 on, unless the model's profile is global; lists have own prices for other profiles
 *   (https://platform.claude.com/docs/en/about-claude/pricing).
 * - Vertex AI: 10% outside of the global endpoint. Azure: the kind of a deployment is not in its URL; those in a region or
 *   a data zone cost 10% more.
 */
export function openRegion(
  provider: ProviderName,
  model: string,
  routed: string | null,
  asked: string | null,
  { region }: Pick<Wanted, "region">,
): OpenRegion | null {
  switch (provider) {
    case "openai":
    case "xai":
      return placed(routed);
    case "vertex":
      return placed(routed ?? region);
    case "azure":
      return placed(region ?? "us");
    case "anthropic": {
      const version = claudeVersion(model);
      return version !== null && version < 406 ? null : placed(asked ?? region ?? "us");
    }
    case "bedrock":
      return bedrockRegion(model, routed);
    default:
      return null;
  }
}

function bedrockRegion(model: string, routed: string | null): OpenRegion | null {
  const version = claudeVersion(model);
  const [, profile = null] = /(?:^|\/)([a-z-]+)\.anthropic\./.exec(model) ?? [];
  if (profile === "global" || !model.includes("claude") || (version !== null && version < 405)) return null;
  return placed(profile ?? routed, profile === null ? null : `${profile}.anthropic.`);
}

/** A region by its name; `null` for none, or a global one. */
export function regionNamed(name: string | null): OpenRegion | null {
  return placed(name);
}

function placed(name: string | null, listedAs: string | null = null): OpenRegion | null {
  const isGlobal = name === null || /^(?:global|not_available)$/i.test(name);
  return isGlobal ? null : { name, factor: SURCHARGE, listedAs };
}

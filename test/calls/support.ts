import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { findProvider, type ModelInfo, type Provider } from "@pydantic/genai-prices";
import { json } from "../support/vectors.ts";

/** A model of the npm package's own data, and the provider that it belongs to. */
export interface ListedModel {
  readonly name: string;
  readonly provider: Provider;
  readonly model: ModelInfo;
}

/** Every model of `@pydantic/genai-prices`, which exports no list: each provider is asked for by its id. */
export function genaiModels(): readonly ListedModel[] {
  const code = readFileSync(createRequire(import.meta.url).resolve("@pydantic/genai-prices"), "utf8");
  const ids = new Set(Array.from(code.matchAll(/\bid:\s*["'`]([^"'`]+)["'`]/g), ([, id = ""]) => id));
  const providers = new Set(
    [...ids].map((providerId) => findProvider({ providerId })).filter((provider) => provider !== undefined),
  );
  return [...providers].flatMap((provider) =>
    provider.models.map((model) => ({ name: `${provider.id}:${model.id}`, provider, model })),
  );
}

export type LitellmEntry = Readonly<Record<string, unknown>>;

/** LiteLLM's price list, as test/vectors/README.md says. */
export function litellmList(): Readonly<Record<string, LitellmEntry>> {
  return json("litellm-prices") as Readonly<Record<string, LitellmEntry>>;
}

import type { Protocol } from "../reports/account.ts";
import { valueAt } from "../reports/numbers.ts";
import type { UsageShape } from "../reports/shape.ts";
import { type TokenProtocol, tokenProtocol } from "../reports/token-protocol.ts";

/** Source: `CreateEmbeddingResponse.Usage` of the npm package openai 7.57.0, `resources/embeddings.d.ts`. */
export const EMBEDDINGS_USAGE: UsageShape = {
  requires: ["prompt_tokens", "total_tokens"],
  excludes: ["completion_tokens", "input_tokens", "output_tokens"],
  input: ["prompt_tokens"],
  output: [],
  total: ["total_tokens"],
};

/** The embeddings of OpenAI, or of a provider whose reports differ from OpenAI's in what `more` says. */
export function embeddingsForm(name: Protocol["name"], more: Partial<TokenProtocol> = {}): Protocol {
  return tokenProtocol({
    name,
    shape: EMBEDDINGS_USAGE,
    unfinished: (response) =>
      valueAt(response, "choices") === undefined
        ? null
        : "the response has choices, and completion_tokens is missing",
    ...more,
  });
}

/** OpenAI's embeddings. */
export const OPENAI_EMBEDDINGS: Protocol = /* @__PURE__ */ embeddingsForm("openai-embeddings");

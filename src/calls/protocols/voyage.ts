import type { Protocol } from "../reports/account.ts";
import { valueAt } from "../reports/numbers.ts";
import type { UsageShape } from "../reports/shape.ts";
import { tokenProtocol } from "../reports/token-protocol.ts";

/**
 * Embeddings and reranking read their input and write nothing.
 *
 * Source: `EmbedResponseUsage`, `ContextualizedEmbedResponseUsage`, `MultimodalEmbedResponseUsage` and
 * `RerankResponseUsage` of the npm package voyageai 0.4.0, `dist/cjs/api/types`.
 */
export const VOYAGE_USAGE: UsageShape = {
  requires: ["total_tokens"],
  // A total beside other counts, or of an answer with a text, is of another protocol.
  excludes: ["prompt_tokens", "completion_tokens", "input_tokens", "output_tokens", "usage"],
  input: ["total_tokens"],
  output: [],
};

/** Voyage's embeddings and reranking. */
export const VOYAGE: Protocol = /* @__PURE__ */ tokenProtocol({
  name: "voyage",
  shape: VOYAGE_USAGE,
  camelCase: true,
  unfinished: (response) => {
    const isText = ["choices", "output", "content"].some((field) => valueAt(response, field) !== undefined);
    return isText ? "the report has a total, and does not say what of it is output" : null;
  },
});

import { type Protocol, type ReadContext, UncountableError } from "../reports/account.ts";
import { valueAt } from "../reports/numbers.ts";
import type { UsageShape } from "../reports/shape.ts";
import { type Reported, tokenProtocol } from "../reports/token-protocol.ts";

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

/** A bare total says nothing about whose it is. A chat's may be reported in the same way, and half of it be output. */
function mustBeVoyage({ response }: Reported, { named }: ReadContext): void {
  const isList = ["data", "results"].some((field) => Array.isArray(valueAt(response, field)));
  if (!named && !isList)
    throw new UncountableError("total_tokens does not say what is output: name the protocol");
}

/** Voyage's embeddings and reranking. */
export const VOYAGE: Protocol = /* @__PURE__ */ tokenProtocol({
  name: "voyage",
  shape: VOYAGE_USAGE,
  camelCase: true,
  adjust: (usage, reported, context) => {
    mustBeVoyage(reported, context);
    return usage;
  },
  unfinished: (response) => {
    const isText = ["choices", "output", "content"].some((field) => valueAt(response, field) !== undefined);
    return isText ? "the report has a total, and does not say what of it is output" : null;
  },
});

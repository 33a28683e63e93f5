import type { AnyObject } from "../own-fields.ts";
import type { Protocol } from "../reports/account.ts";
import { valueAt } from "../reports/numbers.ts";
import type { UsageShape } from "../reports/shape.ts";
import { tokenProtocol } from "../reports/token-protocol.ts";
import { GENERATED, generatedApart } from "./gemini.ts";
import { listAt, withFields } from "./lists.ts";

/**
 * The statistics of embeddings. Some models are billed by the character: a number of them is billed separately, unless
 * the caller says that it only informs.
 *
 * Source: `ContentEmbeddingStatistics` and `EmbedContentMetadata` of the npm package @google/genai 3.3.0,
 * `dist/genai.d.ts`; in `predict`, the same in snake case.
 */
export const VERTEX_EMBEDDING_USAGE: UsageShape = {
  requires: ["tokenCount"],
  input: ["tokenCount"],
  output: [],
  inside: {
    inputAudio: ["tokensDetails.AUDIO"],
    inputImage: ["tokensDetails.IMAGE + tokensDetails.DOCUMENT"],
    inputVideo: ["tokensDetails.VIDEO"],
  },
  informs: [
    "tokensDetails.TEXT",
    // `statisticsOf` adds them up.
    ...["statistics[].tokenCount", "statistics[].token_count"],
    ...["statistics[].tokensDetails[].tokenCount", "statistics[].tokens_details[].tokenCount"],
  ],
  apart: ["billableCharacterCount"],
};

const EMBEDDINGS = /* @__PURE__ */ tokenProtocol({ name: "vertex", shape: VERTEX_EMBEDDING_USAGE });

/** Adds up the statistics of the embeddings in an answer; `null` if one has none. */
function statisticsOf(response: AnyObject): AnyObject | null {
  const found = [
    ...listAt(response, "embeddings").map((one) => valueAt(one, "statistics")),
    ...listAt(response, "predictions").map((one) => valueAt(one, "embeddings.statistics")),
  ];
  const counts = found.map((one) => valueAt(one, "tokenCount") ?? valueAt(one, "token_count"));
  if (counts.length === 0 || counts.some((count) => count === undefined)) return null;
  const details = found.flatMap((one) => [...listAt(one, "tokensDetails"), ...listAt(one, "tokens_details")]);
  return withFields(
    {
      // Their other numbers, which the shape does not know.
      statistics: found,
      tokensDetails: details,
      // A count that is no number makes the sum none, and the shape refuses it.
      tokenCount: counts.reduce<number>(
        (sum, count) => sum + (typeof count === "number" ? count : Number.NaN),
        0,
      ),
      billableCharacterCount: valueAt(response, "metadata.billableCharacterCount"),
    },
    ["tokensDetails"],
    "modality",
    "tokenCount",
  );
}

const GENERATE = /* @__PURE__ */ tokenProtocol({
  name: "vertex",
  ...GENERATED,
  apart: (reported) => [
    ...generatedApart(reported),
    ...(isRetrieved(reported.response) ? ["groundingChunks.retrievedContext"] : []),
  ],
});

/** Retrieval from one's own data is billed by the request: cloud.google.com/vertex-ai/generative-ai/pricing */
function isRetrieved(response: AnyObject): boolean {
  return listAt(response, "candidates")
    .flatMap((candidate) => listAt(candidate, "groundingMetadata.groundingChunks"))
    .some((chunk) => valueAt(chunk, "retrievedContext") !== undefined);
}

/** Gemini on Vertex, and its embeddings. */
export const VERTEX: Protocol = {
  ...GENERATE,
  read: (report, context) => {
    const account = GENERATE.read(report, context);
    if (account !== null) return account;
    const statistics = statisticsOf(report);
    return statistics === null ? null : EMBEDDINGS.read(statistics, context);
  },
};

import { isObject } from "../own-fields.ts";
import { type Part, type Protocol, type ReadContext, UncountableError } from "../reports/account.ts";
import { valueAt } from "../reports/numbers.ts";
import { shapeReader, type UsageShape } from "../reports/shape.ts";
import { type Reported, servedBy } from "../reports/token-protocol.ts";
import { listAt } from "./lists.ts";
import { CHAT_INFORMS, CHAT_USAGE, chatForm } from "./openai-chat.ts";
import { openaiDialect } from "./openai-dialect.ts";
import { embeddingsForm } from "./openai-embeddings.ts";
import { responsesForm } from "./openai-responses.ts";
import { withTools } from "./parts.ts";

/** Source: `CompletionUsage` of the npm package groq-sdk 1.6.0, `resources/completions.d.ts`. */
export const GROQ_USAGE: UsageShape = {
  ...CHAT_USAGE,
  informs: [
    ...CHAT_INFORMS,
    // How long the request took, in seconds.
    ...["queue_time", "prompt_time", "completion_time", "total_time"],
  ],
};

/** The flex tier costs what the standard one does: console.groq.com/docs/flex-processing */
function served(reported: Reported): Part["served"] {
  const by = servedBy(reported);
  return by.serviceTier === "flex" ? { ...by, serviceTier: null } : by;
}

/** The tools that Groq ran, which no price list has: console.groq.com/docs/tool-use/built-in-tools */
function executedTools({ response }: Reported): readonly string[] {
  const choices = listAt(response, "choices");
  const tools = choices.flatMap((choice) => listAt(choice, "message.executed_tools"));
  return tools.map((tool) => `executed_tools: ${String(valueAt(tool, "type"))}`);
}

/**
 * A compound system is several models, which are billed at their own prices. The usage of each is in the breakdown, and
 * the usage of the whole must be their sum.
 *
 * Source: `ChatCompletion.UsageBreakdown` of groq-sdk 1.6.0; console.groq.com/docs/compound/systems/compound.
 */
function modelParts(main: Part, { response }: Reported, { informs }: ReadContext): readonly Part[] {
  const paths = ["usage_breakdown.models", "x_groq.usage_breakdown.models"];
  const models = paths.map((path) => listAt(response, path)).find((list) => list.length > 0);
  if (models === undefined) return [main];
  const reader = shapeReader(GROQ_USAGE);
  const parts = models.map((one): Part => {
    const [model, usage] = [valueAt(one, "model"), valueAt(one, "usage")];
    if (typeof model !== "string" || !isObject(usage) || !reader.fits(usage)) {
      throw new UncountableError("usage_breakdown has an entry without a model or without a usage");
    }
    const counted = reader.count(usage, informs);
    return { usage: counted.usage, served: { ...main.served, model }, apart: counted.apart };
  });
  for (const side of ["inputTokens", "outputTokens"] as const) {
    const sum = parts.reduce((total, { usage }) => total + usage[side], 0);
    if (sum !== main.usage[side]) {
      throw new UncountableError(`usage_breakdown must add up to ${main.usage[side]} ${side}; got ${sum}`);
    }
  }
  return withTools(parts, main);
}

/** Groq's chat completions, responses and embeddings. The last chunk of a stream has its usage in `x_groq`. */
export const GROQ: Protocol = /* @__PURE__ */ openaiDialect("groq", [
  /* @__PURE__ */ chatForm("groq", {
    served,
    shape: GROQ_USAGE,
    at: ["usage", "x_groq.usage"],
    apart: executedTools,
    split: modelParts,
  }),
  /* @__PURE__ */ responsesForm("groq", { served }),
  /* @__PURE__ */ embeddingsForm("groq", { served }),
]);

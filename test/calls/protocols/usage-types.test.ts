import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { clientTypes, readTypes, type RecordedType } from "../../../scripts/usage-types.ts";
import { AI_SDK_USAGES } from "../../../src/calls/protocols/ai-sdk-usage.ts";
import { ANTHROPIC_USAGE } from "../../../src/calls/protocols/anthropic.ts";
import { CONVERSE_USAGE } from "../../../src/calls/protocols/bedrock.ts";
import { CLAUDE_MODEL_USAGE } from "../../../src/calls/protocols/claude-agent.ts";
import { CODEX_USAGE } from "../../../src/calls/protocols/codex.ts";
import {
  COHERE_CHAT_USAGE,
  COHERE_EMBED_USAGE,
  COHERE_IMAGES_USAGE,
  COHERE_UNITS_USAGE,
} from "../../../src/calls/protocols/cohere.ts";
import { INTERACTIONS_USAGE } from "../../../src/calls/protocols/gemini-interactions.ts";
import { GEMINI_USAGE } from "../../../src/calls/protocols/gemini.ts";
import { GROQ_USAGE } from "../../../src/calls/protocols/groq.ts";
import { LANGCHAIN_USAGE } from "../../../src/calls/protocols/langchain.ts";
import { MISTRAL_OCR_USAGE, MISTRAL_USAGE } from "../../../src/calls/protocols/mistral.ts";
import { OLLAMA_EMBED_USAGE, OLLAMA_USAGE, withoutContent } from "../../../src/calls/protocols/ollama.ts";
import { REQUEST_USAGE, RUN_USAGE } from "../../../src/calls/protocols/openai-agents.ts";
import { CHAT_USAGE } from "../../../src/calls/protocols/openai-chat.ts";
import { EMBEDDINGS_USAGE } from "../../../src/calls/protocols/openai-embeddings.ts";
import { IMAGES_USAGE, SVG_USAGE } from "../../../src/calls/protocols/openai-images.ts";
import { REALTIME_USAGE } from "../../../src/calls/protocols/openai-realtime.ts";
import { responseApart, RESPONSES_USAGE } from "../../../src/calls/protocols/openai-responses.ts";
import { DURATION_USAGE, TRANSCRIPTION_USAGE } from "../../../src/calls/protocols/openai-transcription.ts";
import {
  OPENROUTER_COST_USAGE,
  OPENROUTER_EMBEDDINGS_USAGE,
  OPENROUTER_RESPONSES_USAGE,
  OPENROUTER_USAGE,
} from "../../../src/calls/protocols/openrouter.ts";
import {
  PERPLEXITY_EMBEDDINGS_USAGE,
  PERPLEXITY_RESPONSES_USAGE,
  PERPLEXITY_USAGE,
} from "../../../src/calls/protocols/perplexity.ts";
import { VERTEX_EMBEDDING_USAGE } from "../../../src/calls/protocols/vertex.ts";
import { VOYAGE_USAGE } from "../../../src/calls/protocols/voyage.ts";
import { knowsNumber, type UsageShape } from "../../../src/calls/reports/shape.ts";
import { inWireSpelling } from "../../../src/calls/reports/spelling.ts";

/** The shapes that read each type, by package and type. */
const SHAPES: Readonly<Record<string, readonly UsageShape[]>> = {
  "openai CompletionUsage": [CHAT_USAGE],
  "openai ResponseUsage": [RESPONSES_USAGE],
  "openai CreateEmbeddingResponse.Usage": [EMBEDDINGS_USAGE],
  "openai ImagesResponse.Usage": [IMAGES_USAGE],
  "openai ImagesResponse.SvgUsage": [SVG_USAGE],
  "openai ImageGenCompletedEvent.Usage": [IMAGES_USAGE],
  "openai ImageEditCompletedEvent.Usage": [IMAGES_USAGE],
  "openai Transcription.Tokens": [TRANSCRIPTION_USAGE],
  "openai Transcription.Duration": [DURATION_USAGE],
  "openai TranscriptionDiarized.Tokens": [TRANSCRIPTION_USAGE],
  "openai TranscriptionDiarized.Duration": [DURATION_USAGE],
  "openai TranscriptionTextDoneEvent.Usage": [TRANSCRIPTION_USAGE],
  "openai TranscriptionVerbose.Usage": [DURATION_USAGE],
  "openai RealtimeResponseUsage": [REALTIME_USAGE],
  "groq-sdk CompletionUsage": [GROQ_USAGE],
  "groq-sdk CreateEmbeddingResponse.Usage": [EMBEDDINGS_USAGE],
  "@mistralai/mistralai UsageInfo": [MISTRAL_USAGE],
  "@mistralai/mistralai ConversationUsageInfo": [MISTRAL_USAGE],
  "@mistralai/mistralai OCRUsageInfo": [MISTRAL_OCR_USAGE],
  "cohere-ai Usage": [COHERE_CHAT_USAGE],
  "cohere-ai ApiMeta": [COHERE_CHAT_USAGE, COHERE_EMBED_USAGE, COHERE_IMAGES_USAGE, COHERE_UNITS_USAGE],
  "voyageai EmbedResponseUsage": [VOYAGE_USAGE],
  "voyageai ContextualizedEmbedResponseUsage": [VOYAGE_USAGE],
  "voyageai MultimodalEmbedResponseUsage": [VOYAGE_USAGE],
  "voyageai RerankResponseUsage": [VOYAGE_USAGE],
  "ollama ChatResponse": [OLLAMA_USAGE],
  "ollama GenerateResponse": [OLLAMA_USAGE],
  "ollama EmbedResponse": [OLLAMA_EMBED_USAGE],
  "@openrouter/sdk ChatUsage": [OPENROUTER_USAGE],
  "@openrouter/sdk ImageGenerationUsage": [OPENROUTER_USAGE],
  "@openrouter/sdk Usage": [OPENROUTER_RESPONSES_USAGE],
  "@openrouter/sdk STTUsage": [OPENROUTER_RESPONSES_USAGE],
  "@openrouter/sdk VideoGenerationUsage": [OPENROUTER_COST_USAGE],
  "@openrouter/sdk CreateEmbeddingsUsage": [OPENROUTER_EMBEDDINGS_USAGE],
  "@openrouter/sdk CreateRerankUsage": [OPENROUTER_COST_USAGE],
  "@perplexity-ai/perplexity_ai UsageInfoOutput": [PERPLEXITY_USAGE],
  "@perplexity-ai/perplexity_ai ResponsesUsageOutput": [PERPLEXITY_RESPONSES_USAGE],
  "@perplexity-ai/perplexity_ai EmbeddingsUsageOutput": [PERPLEXITY_EMBEDDINGS_USAGE],
  "@anthropic-ai/sdk Usage": [ANTHROPIC_USAGE],
  "@anthropic-ai/sdk MessageDeltaUsage": [ANTHROPIC_USAGE],
  "@anthropic-ai/sdk BetaUsage": [ANTHROPIC_USAGE],
  "@anthropic-ai/sdk BetaMessageDeltaUsage": [ANTHROPIC_USAGE],
  "@google/genai GenerateContentResponseUsageMetadata": [GEMINI_USAGE],
  "@google/genai UsageMetadata": [GEMINI_USAGE],
  "@google/genai Usage": [INTERACTIONS_USAGE],
  "@google/genai ContentEmbeddingStatistics": [VERTEX_EMBEDDING_USAGE],
  "@google/genai EmbedContentMetadata": [VERTEX_EMBEDDING_USAGE],
  "@aws-sdk/client-bedrock-runtime TokenUsage": [CONVERSE_USAGE],
  "ai LanguageModelUsage": AI_SDK_USAGES,
  "ai EmbeddingModelUsage": AI_SDK_USAGES,
  "@ai-sdk/provider LanguageModelV4Usage": AI_SDK_USAGES,
  "@ai-sdk/provider LanguageModelV3Usage": AI_SDK_USAGES,
  "@ai-sdk/provider LanguageModelV2Usage": AI_SDK_USAGES,
  "@ai-sdk/provider ImageModelV4Usage": AI_SDK_USAGES,
  "@ai-sdk/provider ImageModelV3Usage": AI_SDK_USAGES,
  "@langchain/core UsageMetadata": [LANGCHAIN_USAGE],
  "@openai/agents-core Usage": [RUN_USAGE],
  "@openai/agents-core RequestUsage": [REQUEST_USAGE],
  "@anthropic-ai/claude-agent-sdk ModelUsage": [CLAUDE_MODEL_USAGE],
  "@openai/codex-sdk Usage": [CODEX_USAGE],
};

const CAMEL_CASE = ["@mistralai/mistralai", "cohere-ai", "voyageai", "@openrouter/sdk"];

const recorded = JSON.parse(
  readFileSync(new URL("../../vectors/usage-types.json", import.meta.url), "utf8"),
) as RecordedType[];

const wire = (path: string): string => Object.keys(inWireSpelling({ [path]: null }))[0] ?? "";

/** Lists by modality or lifetime become fields before a shape reads them: one of each stands for all. */
function inFields(path: string): string {
  return path
    .replace(/\[\]\.tokenCount$/, ".AUDIO")
    .replace(/\[\]\.tokens$/, ".audio")
    .replace(/\[\]\.count$/, ".google_search")
    .replace(/\[\]\.inputTokens$/, ".1h");
}

/** A number that some shape must know, under the path of the wire. */
function pathsOf({ package: name, numbers }: RecordedType): readonly string[] {
  if (name === "@openai/agents-core") {
    // The details may have any names: their numbers are those of chat completions and responses.
    return numbers.filter((path) => !path.endsWith("*")).map((path) => path.split(".").map(wire).join("."));
  }
  if (["@google/genai", "@aws-sdk/client-bedrock-runtime"].includes(name)) return numbers.map(inFields);
  if (CAMEL_CASE.includes(name)) return numbers.map((path) => path.split(".").map(wire).join("."));
  // The counts of Ollama stand beside the content of its answers.
  const isCount = (path: string): boolean =>
    Object.keys(withoutContent({ [path.split(/[.[]/)[0] ?? ""]: 1 })).length > 0;
  return name === "ollama" ? numbers.filter(isCount) : numbers;
}

describe("usage shapes: every number of the clients' types is accounted for", () => {
  it.each(recorded.map((type) => [`${type.package} ${type.type}`, type] as const))("%s", (name, type) => {
    const paths = pathsOf(type);
    expect(paths.length).toBeGreaterThan(0);
    if (type.type === "Response.ToolUsage") {
      // Outside the usage: each is searches, or billed separately.
      for (const path of paths.filter((of) => of !== "web_search.num_requests")) {
        expect(responseApart({ tool_usage: nested(path, 1) })).toEqual([`tool_usage.${path}`]);
      }
      return;
    }
    if (type.type === "ChatCompletion.UsageBreakdown") {
      expect(paths.filter((path) => !knowsNumber(GROQ_USAGE, path.replace("models[].usage.", "")))).toEqual(
        [],
      );
      return;
    }
    const shapes = SHAPES[name] ?? [];
    expect(shapes.length, `${name} has no shape`).toBeGreaterThan(0);
    const unknown = paths.filter((path) => !shapes.some((shape) => knowsNumber(shape, path)));
    expect(unknown).toEqual([]);
  });

  it.each(["openai", "@anthropic-ai/sdk", "ai", "@ai-sdk/provider"])(
    "the recorded types of %s are those of the installed client",
    (client) => {
      const modules = fileURLToPath(new URL("../../../node_modules", import.meta.url));
      const installed = readTypes(modules, clientTypes(client));
      expect(installed).toEqual(recorded.filter((type) => type.package === client));
    },
  );

  it("knowsNumber: another number is not known", () => {
    const shapes = [...new Set(Object.values(SHAPES).flat())];
    expect(shapes.filter((shape) => knowsNumber(shape, "new_tokens"))).toEqual([]);
  });
});

/** An object with a value at a path. */
function nested(path: string, value: unknown): object {
  const [first = "", ...rest] = path.split(".");
  return { [first]: rest.length === 0 ? value : nested(rest.join("."), value) };
}

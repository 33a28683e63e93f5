import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { clientTypes, readTypes, type RecordedType } from "../../../scripts/usage-types.ts";
import {
  COHERE_CHAT_USAGE,
  COHERE_EMBED_USAGE,
  COHERE_IMAGES_USAGE,
  COHERE_UNITS_USAGE,
} from "../../../src/calls/protocols/cohere.ts";
import { GROQ_USAGE } from "../../../src/calls/protocols/groq.ts";
import { MISTRAL_OCR_USAGE, MISTRAL_USAGE } from "../../../src/calls/protocols/mistral.ts";
import { OLLAMA_EMBED_USAGE, OLLAMA_USAGE, withoutContent } from "../../../src/calls/protocols/ollama.ts";
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
};

const CAMEL_CASE = ["@mistralai/mistralai", "cohere-ai", "voyageai", "@openrouter/sdk"];

const recorded = JSON.parse(
  readFileSync(new URL("../../vectors/usage-types.json", import.meta.url), "utf8"),
) as RecordedType[];

const wire = (path: string): string => Object.keys(inWireSpelling({ [path]: null }))[0] ?? "";

/** A number that some shape must know, under the path of the wire. */
function pathsOf({ package: name, numbers }: RecordedType): readonly string[] {
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

  it("the recorded types of openai are those of the installed client", () => {
    const modules = fileURLToPath(new URL("../../../node_modules", import.meta.url));
    const installed = readTypes(modules, clientTypes("openai"));
    expect(installed).toEqual(recorded.filter((type) => type.package === "openai"));
  });

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

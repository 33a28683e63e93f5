import { type HostMap, routeOf } from "dispatch-kit/calls";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

const GOOGLE = "https://generativelanguage.googleapis.com";
const VERTEX = "https://us-central1-aiplatform.googleapis.com/v1/projects/p/locations/us-central1";
const BEDROCK = "https://bedrock-runtime.eu-west-1.amazonaws.com/model";
const AZURE = "https://my-resource.openai.azure.com/openai";

/** "POST https://…" and the answer, as one line. */
function lineOf(url: string, body?: unknown, method?: string): string {
  const route = routeOf({
    url,
    ...(body === undefined ? {} : { body }),
    ...(method === undefined ? {} : { method }),
  });
  if (route.kind !== "bounded") return `${route.kind} ${String(route.provider)}`;
  return [route.provider, route.protocol, route.form, String(route.stream), route.model, route.region]
    .filter((part) => part !== null)
    .join(" ");
}

describe("routeOf: what is bounded", () => {
  it.each([
    ["https://api.openai.com/v1/chat/completions", {}, "openai openai-chat openai-chat false"],
    [
      "https://api.openai.com:443/v1/chat/completions",
      { stream: true },
      "openai openai-chat openai-chat sse",
    ],
    ["https://eu.api.openai.com/v1/responses", {}, "openai openai-responses openai-responses false eu"],
    ["https://api.openai.com/v1/responses/compact", {}, "openai openai-responses openai-compact false"],
    ["https://api.openai.com/v1/embeddings", {}, "openai openai-embeddings openai-embeddings false"],
    ["https://api.openai.com/v1/completions", {}, "openai openai-chat openai-completions false"],
    [
      "https://api.openai.com/v1/images/generations",
      { stream: true },
      "openai openai-images openai-images sse",
    ],
    [
      "https://api.anthropic.com/v1/messages?beta=true",
      { stream: true },
      "anthropic anthropic anthropic sse",
    ],
    [`${GOOGLE}/v1beta/models/gemini-3-pro:generateContent`, {}, "gemini gemini gemini false gemini-3-pro"],
    [
      `${GOOGLE}/v1beta/models/gemini-3-pro:streamGenerateContent?alt=sse`,
      {},
      "gemini gemini gemini sse gemini-3-pro",
    ],
    [
      `${GOOGLE}/v1/models/gemini-3-pro:streamGenerateContent`,
      {},
      "gemini gemini gemini json-array gemini-3-pro",
    ],
    [`${GOOGLE}/v1beta/models/e-1:batchEmbedContents`, {}, "gemini gemini gemini-embed false e-1"],
    [`${GOOGLE}/v1beta/interactions`, { stream: true }, "gemini gemini-interactions gemini-interactions sse"],
    [`${VERTEX}/publishers/google/models/g:generateContent`, {}, "vertex vertex gemini false g us-central1"],
    [`${VERTEX}/endpoints/77:generateContent`, {}, "vertex vertex gemini false endpoints/77 us-central1"],
    [
      `${VERTEX}/publishers/anthropic/models/claude-x@1:rawPredict`,
      {},
      "vertex anthropic anthropic false claude-x@1 us-central1",
    ],
    [
      "https://aiplatform.googleapis.com/v1/publishers/google/models/g:generateContent",
      {},
      "vertex vertex gemini false g",
    ],
    [
      `${BEDROCK}/us.anthropic.claude-x-v1%3A0/converse`,
      {},
      "bedrock bedrock bedrock-converse false us.anthropic.claude-x-v1:0 eu-west-1",
    ],
    [`${BEDROCK}/m/converse-stream`, {}, "bedrock bedrock bedrock-converse aws m eu-west-1"],
    [
      `${BEDROCK}/arn%3Aaws%3Abedrock%3Aeu-west-1%3A1%3Ainference-profile%2Feu.anthropic.claude-x/invoke`,
      {},
      "bedrock anthropic anthropic false arn:aws:bedrock:eu-west-1:1:inference-profile/eu.anthropic.claude-x eu-west-1",
    ],
    ["https://api.mistral.ai/v1/chat/completions", {}, "mistral mistral openai-chat false"],
    ["https://api.cohere.com/v2/chat", { stream: true }, "cohere cohere cohere-chat sse"],
    ["https://api.cohere.com/v2/rerank", {}, "cohere cohere cohere-rerank false"],
    ["https://api.groq.com/openai/v1/chat/completions", {}, "groq groq openai-chat false"],
    [
      `${AZURE}/deployments/my-gpt/chat/completions?api-version=1`,
      {},
      "azure azure openai-chat false my-gpt",
    ],
    [`${AZURE}/v1/responses`, { stream: true }, "azure azure openai-responses sse"],
    ["https://api.deepseek.com/chat/completions", {}, "deepseek deepseek openai-chat false"],
    ["https://api.deepseek.com/beta/completions", {}, "deepseek deepseek openai-completions false"],
    ["https://api.x.ai/v1/responses", {}, "xai xai openai-responses false"],
    ["https://api.perplexity.ai/chat/completions", {}, "perplexity perplexity openai-chat false"],
    [
      "https://openrouter.ai/api/v1/chat/completions",
      { stream: true },
      "openrouter openrouter openai-chat sse",
    ],
    ["https://api.voyageai.com/v1/embeddings", {}, "voyage voyage voyage-embed false"],
    ["https://ollama.com:443/api/chat", {}, "ollama ollama ollama-chat ndjson"],
    ["http://localhost:11434/api/chat", { stream: false }, "ollama ollama ollama-chat false"],
  ])("%s", (url, body, expected) => {
    expect(lineOf(url, body)).toBe(expected);
    expect(lineOf(url, JSON.stringify(body))).toBe(expected);
  });
});

describe("routeOf: what is free", () => {
  it.each([
    ["GET", "https://api.openai.com/v1/models"],
    ["GET", "https://api.openai.com/v1/responses/resp_1/input_items"],
    ["POST", "https://api.openai.com/v1/responses/input_tokens"],
    ["POST", "https://api.openai.com/v1/responses/resp_1/cancel"],
    ["POST", "https://api.openai.com/v1/moderations"],
    ["DELETE", "https://api.openai.com/v1/files/file-1"],
    ["POST", "https://api.anthropic.com/v1/messages/count_tokens?beta=true"],
    ["GET", "https://api.anthropic.com/v1/messages/batches/b/results"],
    ["POST", `${GOOGLE}/v1beta/models/gemini-3-pro:countTokens`],
    ["POST", `${GOOGLE}/upload/v1beta/files`],
    ["POST", `${BEDROCK}/m/count-tokens`],
    ["POST", "https://api.cohere.com/v1/tokenize"],
    ["GET", "https://ollama.com/api/tags"],
  ])("%s %s", (method, url) => {
    expect(routeOf({ method, url }).kind).toBe("free");
  });
});

describe("routeOf: what is refused", () => {
  it.each([
    ["POST", "https://api.openai.com/v1/batches", /batch/],
    ["POST", "https://api.openai.com/v1/realtime/client_secrets", /keys/],
    ["POST", "https://api.openai.com/v1/audio/speech", /billed by time/],
    ["POST", "https://api.openai.com/v1/vector_stores/vs/search", /billed by time/],
    ["POST", "https://api.openai.com/v1/threads/runs", /stored/],
    ["POST", "https://api.openai.com/v1/newest", /no known route/],
    ["PUT", "https://api.openai.com/v1/chat/completions", /no known route/],
    ["GET", "https://api.openai.com/v1/chat%2Fcompletions", /no known route/],
    ["POST", "https://api.openai.com/v1//chat/completions", /no known route/],
    ["POST", "https://api.openai.com/v1/responses/..%2Fchat/cancel", /no known route/],
    ["POST", "http://api.openai.com/v1/chat/completions", /https/],
    ["POST", "https://api.openai.com:8443/v1/chat/completions", /not known/],
    ["POST", "https://api.openai.com.evil.example/v1/chat/completions", /not known/],
    ["POST", "https://u:p@api.openai.com/v1/chat/completions", /user/],
    ["POST", "data:,", /http/],
    ["POST", "nonsense", /http/],
    ["POST", "https://api.anthropic.com/v1/messages/batches", /batch/],
    ["POST", "https://api.anthropic.com/v1/sessions", /after its answer/],
    ["POST", `${GOOGLE}/v1beta/models/g:batchGenerateContent`, /batch/],
    ["POST", `${GOOGLE}/v1beta/cachedContents`, /billed by time/],
    ["POST", `${GOOGLE}/v1beta/auth_tokens`, /keys/],
    ["POST", `${GOOGLE}/v1beta/models/g:generateContent?alt=proto`, /not JSON/],
    ["POST", `${GOOGLE}/v1beta/models/g:countTokens/..%2fg:generateContent`, /no known route/],
    ["POST", `${GOOGLE}/v1beta/models/g:generateContent?$httpMethod=GET`, /method/],
    ["POST", `${BEDROCK}/meta.llama/invoke`, /Claude/],
    ["POST", `${BEDROCK}/a%2F..%2Fb/converse`, /no known route/],
    ["POST", "https://api.cohere.com/v1/chat", /v2/],
    ["POST", "https://openrouter.ai/api/v1/messages", /chat\/completions/],
    ["POST", "https://example.com/v1/chat/completions", /not known/],
  ])("%s %s", (method, url, reason) => {
    const route = routeOf({ method, url });
    expect(route).toMatchObject({ kind: "refused", model: null, stream: false });
    expect(route.kind === "refused" && route.reason).toMatch(reason);
  });

  it("refuses work that costs money after its answer", () => {
    const url = "https://api.openai.com/v1/responses";
    expect(routeOf({ url, body: { background: true } }).kind).toBe("refused");
    expect(routeOf({ url, body: '{"background":"yes"}' }).kind).toBe("refused");
    expect(routeOf({ url, body: { background: false } }).kind).toBe("bounded");
    expect(routeOf({ url: "https://api.x.ai/v1/chat/completions", body: { deferred: true } }).kind).toBe(
      "refused",
    );
  });
});

describe("routeOf: hosts of one's own", () => {
  const map: HostMap = {
    "gateway.local:8080": "openai",
    "https://gateway.example.com/team": "anthropic",
    "https://gateway.example.com/team/groq/v1": "groq",
  };

  it.each([
    ["http://gateway.local:8080/v1/chat/completions", "openai"],
    ["https://gateway.local:8080/chat/completions", "openai"],
    ["https://gateway.example.com/team/v1/messages", "anthropic"],
    ["https://gateway.example.com/team/messages", "anthropic"],
    ["https://gateway.example.com/team/groq/v1/chat/completions", "groq"],
  ])("%s is %s", (url, provider) => {
    expect(routeOf({ url }, map)).toMatchObject({ kind: "bounded", provider });
  });

  it.each([
    ["http://gateway.example.com/team/v1/messages"],
    ["https://gateway.example.com/teams/v1/messages"],
    ["https://gateway.example.com/v1/messages"],
    ["https://gateway.local/v1/chat/completions"],
  ])("%s is refused", (url) => {
    expect(routeOf({ url }, map).kind).toBe("refused");
  });

  it("refuses a map that nobody can read", () => {
    const url = "https://x.example/v1/messages";
    const wrong = (map: unknown) => () => routeOf({ url }, map as HostMap);
    expect(wrong([])).toThrow(TypeError);
    expect(wrong({ "x.example": 1 })).toThrow(TypeError);
    expect(wrong({ "x.example": "toString" })).toThrow(RangeError);
    expect(wrong({ "https://": "openai" })).toThrow(RangeError);
    expect(wrong({ "https://x.example/?a=1": "openai" })).toThrow(RangeError);
  });
});

describe("routeOf: any request", () => {
  it("gives a frozen answer and never throws for what a request contains", () => {
    fc.assert(
      fc.property(fc.oneof(fc.webUrl(), fc.string()), fc.string(), fc.jsonValue(), (url, method, body) => {
        expect(Object.isFrozen(routeOf({ url, method, body }))).toBe(true);
      }),
    );
  });

  it("refuses wrong types", () => {
    expect(() => routeOf({ url: 1 } as never)).toThrow(TypeError);
    expect(() => routeOf({ url: "", verb: "" } as never)).toThrow(TypeError);
  });
});

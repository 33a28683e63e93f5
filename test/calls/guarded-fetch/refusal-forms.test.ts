import { ExternalEndpoint, SecretRef } from "dispatch-kit";
import { describe, expect, it } from "vitest";
import { ground, post } from "./support.ts";

const message = "dispatch-kit refused: its body is not JSON (unreadable); nothing was sent";
const code = "unreadable";
const lacking: readonly unknown[] = [];
const info = { "@type": "type.googleapis.com/google.rpc.ErrorInfo", reason: code, domain: "dispatch-kit" };
const google = { error: { code: 402, message, status: "FAILED_PRECONDITION", details: [info], lacking } };
const openai = { error: { message, type: code, param: null, code, lacking } };

/** A route of each provider, and its error as the provider's clients read it. */
const FORMS: readonly (readonly [name: string, url: string, body: object])[] = [
  [
    "anthropic",
    "https://api.anthropic.com/v1/messages",
    { type: "error", error: { type: "billing_error", message, code, lacking } },
  ],
  ["azure", "https://x.openai.azure.com/openai/v1/chat/completions", openai],
  [
    "bedrock",
    "https://bedrock-runtime.us-east-1.amazonaws.com/model/amazon.nova-lite-v1%3A0/converse",
    { message, code, lacking },
  ],
  ["cohere", "https://api.cohere.com/v2/chat", { message, code, lacking }],
  [
    "gemini",
    "https://generativelanguage.googleapis.com/v1beta/models/gemini-2.5-flash:generateContent",
    google,
  ],
  [
    "mistral",
    "https://api.mistral.ai/v1/chat/completions",
    { object: "error", message, type: code, param: null, code, lacking },
  ],
  ["ollama", "https://ollama.com/api/chat", { error: message, code, lacking }],
  ["openai", "https://api.openai.com/v1/chat/completions", openai],
  [
    "perplexity",
    "https://api.perplexity.ai/chat/completions",
    { error: { message, type: code, code: 402, lacking } },
  ],
  [
    "vertex",
    "https://us-central1-aiplatform.googleapis.com/v1/projects/p/locations/us-central1/publishers/google/models/gemini-2.5-flash:generateContent",
    google,
  ],
  ["voyage", "https://api.voyageai.com/v1/embeddings", { detail: message, code, lacking }],
];

describe("guardedFetch: the form of a refusal", () => {
  it.each(FORMS)("of %s", async (provider, url, body) => {
    const { origin } = new URL(url);
    const endpoint = new ExternalEndpoint({ name: "one", baseUrl: origin, secret: new SecretRef("KEY") });
    const { guard, sent, events } = ground(() => Response.json({}), { endpoint });
    const refused = await guard(url, { ...post({}), body: "not JSON" });
    expect(refused.status).toBe(402);
    expect(refused.statusText).toBe(message);
    expect(refused.headers.get("x-should-retry")).toBe("false");
    expect(refused.headers.get("x-dispatch-kit-refused")).toBe(code);
    expect(refused.headers.get("x-amzn-errortype")).toBe(
      provider === "bedrock" ? "ValidationException" : null,
    );
    expect(await refused.json()).toEqual(body);
    expect(sent).toEqual([]);
    expect(events).toMatchObject([
      { kind: "refused", provider, code, reason: "its body is not JSON", holdId: null },
    ]);
  });
});

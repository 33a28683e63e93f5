import { expect, it } from "vitest";
import { setUp } from "./bounds-guard-support.ts";

// cloud.google.com/apis/docs/system-parameters: `fields`, `$fields` and X-Goog-FieldMask filter the answer of any Google API.
const URL_ = "https://generativelanguage.googleapis.com/v1beta/models/gemini-2.5-flash:generateContent";
const USAGE = { promptTokenCount: 10_000, candidatesTokenCount: 10, totalTokenCount: 10_010 };
const post = (parts: unknown, tools?: unknown) => ({
  method: "POST",
  body: JSON.stringify({ contents: [{ parts }], generationConfig: { maxOutputTokens: 100 }, tools }),
});

async function bookedFor(url: string, init: RequestInit, answer: unknown, bounds: object) {
  const { guard, spent, sent } = setUp(() => Response.json(answer), { bounds });
  await (await guard(url, init)).text();
  return { spent: await spent(), sent: sent.length };
}

it.each([
  ["?fields=candidates(content,finishReason),usageMetadata", {}],
  ["?%24fields=candidates(content,finishReason),usageMetadata", {}],
  ["", { "x-goog-fieldmask": "candidates.content,candidates.finishReason,usageMetadata" }],
])("guardedFetch: refuses a mask that hides searches: %s", async (query, headers) => {
  // Google has searched, and bills it; the mask has removed groundingMetadata.
  const answer = { candidates: [{ finishReason: "STOP" }], usageMetadata: USAGE };
  const init = { ...post([{ text: "Hi" }], [{ googleSearch: {} }]), headers };
  const { spent, sent } = await bookedFor(URL_ + query, init, answer, {
    maxInputTokens: 20_000,
    maxSearches: 5,
  });
  // Refused, or unknown (nothing settled): never settled without the search.
  expect(sent === 0 || spent === 0n).toBe(true);
});

it("guardedFetch: refuses a mask that hides which tokens are sound", async () => {
  const answer = { candidates: [{ finishReason: "STOP" }], usageMetadata: USAGE };
  const query = "?fields=candidates,usageMetadata(promptTokenCount,candidatesTokenCount,totalTokenCount)";
  const init = post([{ inlineData: { mimeType: "audio/mp3", data: "AAAA" } }]);
  const { spent, sent } = await bookedFor(URL_ + query, init, answer, { fileTokens: 20_000 });
  // 10,000 tokens of sound cost $0.01; as text they are booked at $0.003.
  expect(sent === 0 || spent === 0n || spent >= 1_000_000n).toBe(true);
});

it("guardedFetch: refuses a mask that hides which tokens are pictures", async () => {
  const usageMetadata = { promptTokenCount: 10, candidatesTokenCount: 1_290, totalTokenCount: 1_300 };
  const query = "?fields=candidates,usageMetadata(promptTokenCount,candidatesTokenCount,totalTokenCount)";
  const url = URL_.replace("flash:", "flash-image:") + query;
  const answer = { candidates: [{ finishReason: "STOP" }], usageMetadata };
  const { spent, sent } = await bookedFor(url, post([{ text: "draw" }]), answer, { maxOutputTokens: 4_000 });
  // 1,290 tokens of a picture cost $0.0387; booked are $0.0032.
  expect(sent === 0 || spent === 0n || spent >= 3_870_000n).toBe(true);
});

import { expect, it } from "vitest";
import { bound, setUp } from "./bounds-guard-support.ts";

const BASE = "https://bedrock-runtime.us-east-1.amazonaws.com/model/anthropic.claude-3-5-haiku-20241022-v1:0";
const BODY = {
  anthropic_version: "bedrock-2023-05-31",
  max_tokens: 100,
  messages: [{ role: "user", content: "Hi" }],
};
// InvokeModel takes as headers what Converse has in its body, where boundOf refuses both.
const HEADERS = [
  ["X-Amzn-Bedrock-PerformanceConfig-Latency", "optimized"],
  ["X-Amzn-Bedrock-GuardrailIdentifier", "gr-1"],
] as const;

it.each(HEADERS)("boundOf: refuses invoke with the header %s, as the field of Converse", (name, value) => {
  expect(bound(`${BASE}/invoke`, BODY, {}, { [name]: value }).kind).toBe("refused");
  expect(bound(`${BASE}/invoke-with-response-stream`, BODY, {}, { [name]: value }).kind).toBe("refused");
});

it.each(HEADERS)("guardedFetch: does not send an invoke with the header %s", async (name, value) => {
  const { guard, sent } = setUp(() =>
    Response.json({ stop_reason: "end_turn", usage: { input_tokens: 10, output_tokens: 100 } }),
  );
  await guard(`${BASE}/invoke`, { method: "POST", body: JSON.stringify(BODY), headers: { [name]: value } });
  expect(sent).toEqual([]);
});

it("boundOf: takes headers that cost nothing, and one service tier", () => {
  const kind = (headers: Record<string, string>, body: object = BODY) =>
    bound(`${BASE}/invoke`, body, {}, headers).kind;
  expect(kind({ "X-Amzn-Bedrock-Accept": "application/json" })).toBe("bounded");
  expect(kind({ "X-Amzn-Bedrock-PerformanceConfig-Latency": "standard" })).toBe("bounded");
  expect(kind({ "X-Amzn-Bedrock-Service-Tier": "default" })).toBe("bounded");
  expect(
    kind({ "X-Amzn-Bedrock-Service-Tier": "priority" }, { ...BODY, service_tier: "standard_only" }),
  ).toBe("refused");
});

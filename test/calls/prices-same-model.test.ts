import { sameModel } from "dispatch-kit/calls";
import { describe, expect, it } from "vitest";

describe("sameModel", () => {
  it.each([
    ["gpt-4o-mini", "gpt-4o-mini"],
    ["gpt-4o-mini", "gpt-4o-mini-2024-07-18"],
    ["GPT-4o-mini", "gpt-4o-mini-2024-07-18"],
    ["gpt-4", "gpt-4-0613"],
    ["grok-4", "grok-4-0709"],
    ["claude-sonnet-4-5", "claude-sonnet-4-5-20250929"],
    ["claude-sonnet-4-5", "claude-sonnet-4-5@20250929"],
    ["claude-sonnet-4-5@20250929", "claude-sonnet-4-5-20250929"],
    ["claude-3-5-haiku-latest", "claude-3-5-haiku-20241022"],
    ["gemini-2.0-flash", "gemini-2.0-flash-001"],
    ["models/gemini-2.5-pro", "gemini-2.5-pro"],
    ["gemini-2.5-pro", "models/gemini-2.5-pro"],
    ["publishers/google/models/gemini-2.5-pro", "gemini-2.5-pro"],
    ["openai/gpt-4o", "gpt-4o-2024-08-06"],
    ["gpt-4o", "openai/gpt-4o-2024-08-06"],
    ["anthropic/claude-sonnet-4", "anthropic/claude-sonnet-4"],
    ["openrouter/anthropic/claude-sonnet-4", "anthropic/claude-sonnet-4"],
    ["us.anthropic.claude-sonnet-4-5-20250929-v1:0", "claude-sonnet-4-5-20250929"],
    ["anthropic.claude-3-5-sonnet-20241022-v2:0", "claude-3-5-sonnet-20241022"],
    ["eu.amazon.nova-pro-v1:0", "amazon.nova-pro-v1:0"],
    ["openai.gpt-oss-120b-1:0", "gpt-oss-120b"],
    ["arn:aws:bedrock:us-east-1:1:inference-profile/us.anthropic.claude-sonnet-4-v1:0", "claude-sonnet-4"],
    ["mistral-large-latest", "mistral-large-2411"],
    ["mistral-small", "mistral-small-2506"],
    ["command-r", "command-r-08-2024"],
    ["doubao-pro", "doubao-pro-250715"],
  ])("%s was served as %s", (asked, served) => {
    expect(sameModel(asked, served)).toBe(true);
  });

  it.each([
    ["gpt-4", "gpt-4-32k"],
    ["gpt-4", "gpt-4-turbo"],
    ["gpt-4", "gpt-4-1106-preview"],
    ["gpt-4", "gpt-4.1-2025-04-14"],
    ["gpt-4o", "gpt-4o-mini"],
    ["gpt-4o-mini", "gpt-4o"],
    ["gpt-4o-2024-05-13", "gpt-4o-2024-08-06"],
    ["gpt-4o-2024-05-13", "gpt-4o"],
    ["claude-sonnet-4", "claude-sonnet-4-5"],
    ["claude-sonnet-4", "claude-sonnet-4-5-20250929"],
    ["claude-2", "claude-2.1"],
    ["deepseek-chat", "anthropic/claude-sonnet-5"],
    ["gemini-2.5-flash", "gemini-2.5-flash-lite"],
    ["gemini-2.5-flash", "gemini-2.5-flash-preview-09-2025"],
    ["deepseek/deepseek-r1", "perplexity/deepseek-r1"],
    ["llama-3-8b", "llama-3-70b"],
    ["x:free", "x"],
    ["gpt-4", "gpt-4-2024-13-45"],
    ["", ""],
    ["", "-latest"],
    ["openai/", "gpt-4o"],
  ])("%s was not served as %s", (asked, served) => {
    expect(sameModel(asked, served)).toBe(false);
  });

  it("an alias names the model behind a deployment", () => {
    const aliases = { "chat-prod": "gpt-4o" };
    expect(sameModel("chat-prod", "gpt-4o-2024-08-06", aliases)).toBe(true);
    expect(sameModel("chat-prod", "gpt-4o-mini", aliases)).toBe(false);
    expect(sameModel("chat-prod", "chat-prod", aliases)).toBe(true);
    expect(sameModel("chat-prod", "gpt-4o-2024-08-06")).toBe(false);
    expect(sameModel("toString", "gpt-4o", {})).toBe(false);
    expect(sameModel("m", "gpt-4o", Object.create({ m: "gpt-4o" }) as Record<string, string>)).toBe(false);
  });

  it.each([
    [1, "m", undefined],
    ["m", null, undefined],
    ["m", "n", []],
    ["m", "n", { m: 4 }],
  ])("throws a TypeError for %j, %j, %j", (asked, served, aliases) => {
    expect(() => sameModel(asked as never, served as never, aliases as never)).toThrow(TypeError);
  });
});

import { formatUsd, TokenRates } from "dispatch-kit";
import { actualOf, type ActualOptions, usageOf } from "dispatch-kit/calls";
import { describe, expect, it } from "vitest";
import { protocolOf } from "../../../src/calls/reports/accounts.ts";
import { OPEN_STREAMS } from "./model-streams.ts";

const rates = new TokenRates({ inputUsdPerMTok: 1, outputUsdPerMTok: 10, searchUsd: "0.01" });
const tiered = new TokenRates({
  inputUsdPerMTok: 1,
  outputUsdPerMTok: 10,
  tiers: [{ aboveInputTokens: 50, inputUsdPerMTok: 2, outputUsdPerMTok: 20 }],
});

/** The cost in USD, or the reason why it is unknown. */
function costOf(report: unknown, options: ActualOptions = {}, of: TokenRates = rates): string {
  const outcome = actualOf(of, report, { protocol: "gemini", ...options });
  return outcome.kind === "counted" ? formatUsd(outcome.actual) : outcome.reason;
}

const usageMetadata = { promptTokenCount: 100, candidatesTokenCount: 10, totalTokenCount: 110 };
const answer = (candidate: object, more: object = {}): object => ({
  candidates: [{ finishReason: "STOP", ...candidate }],
  usageMetadata,
  ...more,
});
const grounded = (groundingMetadata: object): object => answer({ groundingMetadata });

describe("gemini: finish", () => {
  it.each(["STOP", "MAX_TOKENS", "SAFETY", "MALFORMED_FUNCTION_CALL", "CONTINUATION", "NEW_REASON"])(
    "%s is a finish",
    (finishReason) => {
      expect(costOf(answer({ finishReason }))).toBe("0.0002");
    },
  );

  it.each([undefined, null, "", "FINISH_REASON_UNSPECIFIED"])("%o is none", (finishReason) => {
    expect(costOf(answer({ finishReason }))).toMatch(/not finished/);
    expect(usageOf(answer({ finishReason }))).toMatchObject({ kind: "unknown" });
  });

  it("every candidate must be finished", () => {
    const candidates = [{ finishReason: "STOP", index: 0 }, { index: 1 }];
    expect(costOf({ candidates, usageMetadata })).toMatch(/not finished/);
    expect(costOf({ candidates: [], usageMetadata })).toMatch(/not finished/);
  });

  it("a blocked prompt is finished, and costs its input", () => {
    const blocked = {
      promptFeedback: { blockReason: "SAFETY" },
      usageMetadata: { promptTokenCount: 100, totalTokenCount: 100 },
    };
    expect(costOf(blocked)).toBe("0.0001");
    expect(costOf({ ...blocked, candidates: [] })).toBe("0.0001");
  });

  it("counts without candidates are finished by the caller's word", () => {
    expect(costOf({ usageMetadata })).toBe("0.0002");
    expect(costOf({ modelVersion: "m", usageMetadata, candidates: undefined })).toBe("0.0002");
  });
});

describe("gemini: what served it", () => {
  it.each([
    ["ON_DEMAND_PRIORITY", "priority"],
    ["ON_DEMAND_FLEX", "flex"],
    ["ON_DEMAND_OFFPEAK", "off_peak"],
    ["PROVISIONED_THROUGHPUT", "provisioned_throughput"],
  ])("%s is a tier of its own", (trafficType, serviceTier) => {
    const report = { usageMetadata: { ...usageMetadata, trafficType } };
    expect(costOf(report)).toMatch(/the answer is from/);
    expect(costOf(report, { serviceTier })).toBe("0.0002");
  });

  it.each(["ON_DEMAND", "TRAFFIC_TYPE_UNSPECIFIED"])("%s is the standard tier", (trafficType) => {
    expect(costOf({ usageMetadata: { ...usageMetadata, trafficType } })).toBe("0.0002");
  });

  it.each(["standard", "unspecified"])("%s is the standard tier of Gemini's own API", (serviceTier) => {
    expect(costOf({ usageMetadata: { ...usageMetadata, serviceTier } })).toBe("0.0002");
  });

  it("the model is the version that answered", () => {
    expect(costOf(answer({}, { modelVersion: "b" }), { model: "a" })).toMatch(/"b" answered/);
    const flex = { ...usageMetadata, serviceTier: "flex" };
    expect(costOf({ usageMetadata: flex })).toMatch(/the answer is from "flex"/);
  });
});

describe("gemini: searches and tools", () => {
  it("each different query is billed once", () => {
    const webSearchQueries = ["a", "b", "a", "", " "];
    expect(costOf(grounded({ webSearchQueries, imageSearchQueries: ["a"] }))).toBe("0.0302");
  });

  it.each<[string, object, string]>([
    [
      "maps",
      { groundingChunks: [{ web: {} }, { maps: {} }], webSearchQueries: ["a"] },
      "groundingChunks.maps",
    ],
    ["a widget of maps", { googleMapsWidgetContextToken: "t" }, "groundingChunks.maps"],
    [
      "searches of an unknown number",
      { groundingChunks: [{ web: {} }] },
      "groundingChunks without webSearchQueries",
    ],
    ["retrieval", { retrievalQueries: ["a"] }, "retrievalQueries"],
  ])("%s is billed separately", (_, metadata, name) => {
    expect(costOf(grounded(metadata))).toBe(`${name} is billed separately`);
  });

  it("retrieved files cost their tokens; on Vertex they have a price of their own", () => {
    const report = grounded({ groundingChunks: [{ retrievedContext: {} }] });
    expect(costOf(report)).toBe("0.0002");
    expect(costOf(report, { protocol: "vertex" })).toMatch(/retrievedContext is billed separately/);
    expect(actualOf(rates, report)).toMatchObject({ kind: "unknown" });
  });

  it("pages that were read and code that ran cost their tokens", () => {
    const content = { parts: [{ executableCode: { code: "1" } }, { codeExecutionResult: { output: "1" } }] };
    expect(costOf(answer({ content, urlContextMetadata: { urlMetadata: [{}] } }))).toBe("0.0002");
  });
});

describe("gemini: counts", () => {
  it.each<[string, object, RegExp]>([
    ["no total", { promptTokenCount: 100 }, /totalTokenCount is missing/],
    ["a total that has more", { promptTokenCount: 100, totalTokenCount: 101 }, /totalTokenCount must be 100/],
    [
      "an unknown modality",
      { ...usageMetadata, promptTokensDetails: [{ modality: "SMELL", tokenCount: 3 }] },
      /SMELL/,
    ],
    [
      "a modality without a name",
      { ...usageMetadata, cacheTokensDetails: [{ tokenCount: 3 }] },
      /unspecified/,
    ],
    ["details in words", { ...usageMetadata, promptTokensDetails: "text" }, /list of objects/],
    [
      "a count in words",
      { ...usageMetadata, promptTokensDetails: [{ modality: "AUDIO", tokenCount: "5" }] },
      /whole number/,
    ],
    ["more cached than prompt", { ...usageMetadata, cachedContentTokenCount: 101 }, /at least/],
  ])("does not guess at %s", (_, usage, reason) => {
    expect(costOf(usage)).toMatch(reason);
  });

  it("several requests of a long answer are no single request", () => {
    const several = { ...usageMetadata, initialPromptTokenCount: 40 };
    expect(costOf(several)).toBe("0.0002");
    expect(costOf(several, {}, tiered)).toMatch(/several requests/);
    expect(costOf({ ...usageMetadata, initialPromptTokenCount: 100 }, {}, tiered)).toBe("0.0004");
    // As the SDK has it: a hidden field, and a getter that is not touched.
    const hidden = Object.defineProperties(
      { ...usageMetadata },
      {
        _initialPromptTokenCount: { value: 40 },
        initialPromptTokenCount: {
          get: () => {
            throw new Error("touched");
          },
        },
      },
    );
    expect(costOf(hidden, {}, tiered)).toMatch(/several requests/);
  });

  it("an instance of the SDK's class has getters, which are not touched", () => {
    let touched = 0;
    class GenerateContentResponse {
      readonly candidates = [{ finishReason: "STOP" }];
      readonly usageMetadata = usageMetadata;
      get text(): string {
        touched++;
        return "";
      }
      get initialPromptTokenCount(): number {
        touched++;
        return 0;
      }
    }
    expect(costOf(new GenerateContentResponse())).toBe("0.0002");
    expect(touched).toBe(0);
  });
});

describe("gemini: streams", () => {
  it.each(OPEN_STREAMS)("$protocol, $form", ({ protocol, events, usage }) => {
    const stream = protocolOf(protocol)?.stream;
    const folded = (count: number): object | null =>
      events.slice(0, count).reduce<object | null>(
        // A report is an object with unchecked fields.
        (report, event) => stream?.fold(report as Readonly<Record<string, unknown>> | null, event) ?? null,
        null,
      );
    expect(usageOf(folded(events.length), { protocol })).toMatchObject({ kind: "counted", usage });
    for (let count = 0; count < events.length; count++) {
      expect(usageOf(folded(count), { protocol }).kind).toBe("unknown");
    }
    expect(JSON.stringify(folded(events.length))).not.toContain("Hello");
    for (const event of [null, 5, "ping", [], ...events]) expect(stream?.isLast(event, null)).toBe(false);
    expect(stream?.fold(null, 5) ?? null).toBeNull();
  });

  it("maps of one chunk are kept", () => {
    const stream = protocolOf("gemini")?.stream;
    const chunks = [grounded({ googleMapsWidgetContextToken: "t" }), answer({})];
    const report = chunks.reduce<Readonly<Record<string, unknown>> | null>(
      (before, chunk) => stream?.fold(before, chunk) ?? null,
      null,
    );
    expect(costOf(report)).toMatch(/maps is billed separately/);
  });

  it("cut off, it counts the input and the limit of the output", () => {
    const report = { candidates: [{ index: 0 }], usageMetadata };
    const options = { protocol: "gemini", cutOffAt: 50 } as const;
    expect(actualOf(rates, report, options)).toMatchObject({ usage: { inputTokens: 100, outputTokens: 50 } });
  });
});

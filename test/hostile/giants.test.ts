import {
  Approval,
  BackendCapabilities,
  BackendKind,
  CostRates,
  epochSeconds,
  estimateCost,
  ExternalEndpoint,
  formatUsd,
  isDispatchError,
  logEgress,
  microCents,
  monthScope,
  NoEligibleBackendError,
  perHour,
  runScope,
  SecretRef,
  selectBackend,
  TokenRates,
  ToolRequirements,
  usd,
} from "dispatch-kit";
import { describe, expect, it } from "vitest";

/** Far above what any of these takes, far below what anything quadratic does. */
const MILLISECONDS = 5_000;

/** The time that this thread has had on a core, in milliseconds: what else the machine does is not counted. */
function now(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

function timed(call: () => unknown): number {
  const start = now();
  try {
    call();
  } catch (error) {
    // A refusal is an answer; only the time counts here, and that it is one of ours.
    expect(error).toSatisfy(
      (thrown: unknown) =>
        thrown instanceof TypeError || thrown instanceof RangeError || isDispatchError(thrown),
    );
  }
  return now() - start;
}

const LONG = 100_000;
const zeros = "0".repeat(LONG);
const decimals: Readonly<Record<string, string>> = {
  "zeros before a last digit": `1${zeros}1`,
  "zeros after the point, before a last digit": `0.${zeros}1`,
  "zeros at its end": `1${zeros}`,
  "zeros at the end of its fraction": `1.${zeros}`,
  "zeros before it": `${zeros}1`,
  "runs of zeros": "10000000000".repeat(LONG / 10),
  nines: "9".repeat(LONG),
  "digits and no number": `${"1".repeat(LONG)}x`,
  points: "1.".repeat(LONG),
  signs: "-".repeat(LONG),
};

describe.each(Object.entries(decimals))("a giant string, %s", (_, digits) => {
  it.each<[string, () => unknown]>([
    ["usd", () => usd(digits)],
    ["usd, up", () => usd(digits, "up")],
    ["microCents", () => microCents(digits)],
    ["perHour", () => perHour(digits)],
    [
      "CostRates",
      () => new CostRates({ gpuUsdPerS: digits, vcpuUsdPerS: 0, gibUsdPerS: 0, idleTailS: digits }),
    ],
    ["TokenRates", () => new TokenRates({ inputUsdPerMTok: digits, outputUsdPerMTok: digits })],
  ])("%s answers in time", (_, call) => {
    expect(timed(call)).toBeLessThan(MILLISECONDS);
  });
});

describe("a giant number", () => {
  it.each([1e308, Number.MAX_VALUE, 5e-324, 2 ** -1074 * 3, 1e21, 1e-7, 123e300])(
    "%s is exact or refused, in time",
    (value) => {
      const free = { gpuUsdPerS: 0, vcpuUsdPerS: 0, gibUsdPerS: 0, idleTailS: 0 };
      const calls = [
        () => formatUsd(usd(value)),
        () => formatUsd(usd(value, "up")),
        () =>
          estimateCost(new CostRates({ ...free, gpuUsdPerS: value }), {
            maxRuntimeS: value,
            vcpus: 1,
            memoryGib: 1,
          }),
      ];
      for (const call of calls) expect(timed(call)).toBeLessThan(MILLISECONDS);
    },
  );
});

describe("giant text", () => {
  const secret = new SecretRef("KEY");
  const at = epochSeconds(0);
  const decidedAt = "2026-11-23T09:00:00Z";
  const many = (part: string): string => part.repeat(LONG);
  it.each<[string, () => unknown]>([
    ["runScope", () => runScope(many("a"))],
    ["monthScope", () => monthScope(at, many("A/"))],
    ["SecretRef", () => new SecretRef(many("A"))],
    ["a blank secret", () => secret.resolve({ KEY: many(" ") })],
    ["a secret with white space", () => secret.resolve({ KEY: `${many(" ")}x${many(" ")}` })],
    ["a blank author", () => new Approval({ author: many(" \u200b"), reason: "r", decidedAt })],
    [
      "a long fraction of a second",
      () => new Approval({ author: "a", reason: "r", decidedAt: `2026-11-23T09:00:00.${many("1")}` }),
    ],
    ["a host", () => new ExternalEndpoint({ name: "a", baseUrl: `https://${many("a.")}com`, secret })],
    [
      "a host in punycode",
      () => new ExternalEndpoint({ name: "a", baseUrl: `https://xn--${many("a9")}.com`, secret }),
    ],
    ["credentials", () => new ExternalEndpoint({ name: "a", baseUrl: `https://${many("a")}@b`, secret })],
    [
      "a detail",
      () => {
        const endpoint = new ExternalEndpoint({ name: many("\u0001"), baseUrl: "https://a.b", secret });
        logEgress(endpoint, { detail: many('\u202e"\\\n'), log: () => null });
      },
    ],
    ["a misspelt key", () => new BackendCapabilities({ [many("a\n")]: 1 })],
  ])("%s answers in time", (_, call) => {
    expect(timed(call)).toBeLessThan(MILLISECONDS);
  });
});

describe("a giant list", () => {
  const needs = new ToolRequirements({ toolId: "x" });
  const capabilities = new BackendCapabilities({ toolIds: [] });
  const price = { inputUsdPerMTok: 1, outputUsdPerMTok: 1 };
  it.each<[string, () => unknown]>([
    [
      "holes",
      () =>
        selectBackend(
          new Array<{ kind: BackendKind; capabilities: BackendCapabilities }>(2 ** 32 - 1),
          needs,
        ),
    ],
    [
      "backends",
      () =>
        selectBackend(
          Array.from({ length: LONG }, () => ({ kind: BackendKind.LOCAL, capabilities })),
          needs,
        ),
    ],
    ["images of holes", () => new BackendCapabilities({ images: new Array(2 ** 32 - 1) })],
    [
      "tiers",
      () =>
        new TokenRates({
          ...price,
          tiers: Array.from({ length: 20_000 }, (_, aboveInputTokens) => ({ aboveInputTokens, ...price })),
        }),
    ],
  ])("%s answers in time", (_, call) => {
    expect(timed(call)).toBeLessThan(MILLISECONDS);
  });

  it("names a few backends in its message, and all of them in passedOver", () => {
    const backends = Array.from({ length: LONG }, () => ({ kind: BackendKind.LOCAL, capabilities }));
    let thrown: unknown;
    try {
      selectBackend(backends, needs);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(NoEligibleBackendError);
    const { message, passedOver } = thrown as NoEligibleBackendError;
    expect(message.length).toBeLessThan(1_000);
    expect(passedOver).toHaveLength(LONG);
  });
});

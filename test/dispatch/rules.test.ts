import { BackendKind, epochSeconds, microCents } from "dispatch-kit";
import {
  completeOptions,
  ensureSameJob,
  failOptions,
  isFree,
  jobRequest,
  recoverOptions,
} from "dispatch-kit/rules";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  ensureOneBodyEach,
  errorText,
  jsonText,
  laneNames,
  pageLimit,
  unknownJob,
} from "../../src/dispatch/rules.ts";
import { approved, capped, free, micro, paid, START, YES } from "../stores/memory/support.ts";

describe("jobRequest", () => {
  it("gives the body with its defaults, and who approved", () => {
    const { body, approved: none } = jobRequest(paid("j", { payload: { b: 1, a: [2] } }));
    expect(body).toEqual({
      jobId: "j",
      lane: "text",
      payload: '{"a":[2],"b":1}',
      backend: "cloud_worker",
      maxCost: 10n,
      maxAttempts: 3,
      priority: 0,
      runAt: null,
    });
    expect(none).toBeNull();
    expect(body).toSatisfy(Object.isFrozen);
    const rest = { priority: -7, runAt: epochSeconds(START) };
    const given = jobRequest(approved("j", capped(5), rest));
    expect(given.body).toMatchObject(rest);
    expect(given.approved).toMatchObject({ approval: YES, scopes: [{ cap: 5n }, { cap: 5n }] });
    expect(given.approved).toSatisfy(Object.isFrozen);
  });
});

describe("isFree", () => {
  it.each([
    [BackendKind.LOCAL, 0, true],
    [BackendKind.LOCAL, 1, false],
    [BackendKind.LAN_WORKER, 0, false],
    [BackendKind.CLOUD_WORKER, 0, false],
  ])("of %s at %d: %s", (backend, cost, is) => {
    expect(isFree(jobRequest(free("j", { backend, maxCost: micro(cost) })).body)).toBe(is);
  });
});

describe("ensureSameJob", () => {
  it("names every field that is another, and never what is in it", () => {
    const known = jobRequest(paid("j", { payload: "secret" })).body;
    expect(() => {
      ensureSameJob(known, jobRequest(paid("j", { payload: "secret" })).body);
    }).not.toThrow();
    const other = jobRequest(paid("j", { payload: "hidden", lane: "video", maxCost: micro(11) })).body;
    expect(() => {
      ensureSameJob(known, other);
    }).toThrow(
      expect.objectContaining({
        code: "job_conflict",
        subject: "j",
        message: 'job "j" was submitted before with another lane, payload, maxCost',
      }),
    );
  });
});

describe("completeOptions, failOptions, recoverOptions", () => {
  it("give what was left out its meaning", () => {
    expect(completeOptions({})).toEqual({ actual: null });
    expect(failOptions({ retriable: true })).toEqual({
      retriable: true,
      maxAttempts: Infinity,
      actual: null,
      retryAfterSeconds: 0,
    });
    expect(recoverOptions({ ttlSeconds: 60 })).toEqual({ ttlSeconds: 60, maxAttempts: Infinity, limit: 100 });
  });

  it("keep what was given", () => {
    const options = { retriable: false, maxAttempts: 0, actual: micro(0), retryAfterSeconds: 1e9 };
    expect(failOptions(options)).toEqual(options);
    expect(recoverOptions({ ttlSeconds: 0, maxAttempts: 2, limit: 1 })).toEqual({
      ttlSeconds: 0,
      maxAttempts: 2,
      limit: 1,
    });
    expect(completeOptions({ actual: microCents(2n ** 62n - 1n) })).toEqual({ actual: 2n ** 62n - 1n });
  });
});

describe("limit, laneNames", () => {
  it("read a limit from 1, and lanes, of which there may be none", () => {
    expect([pageLimit("limit", undefined), pageLimit("limit", 1)]).toEqual([100, 1]);
    expect(laneNames("lanes", [])).toEqual([]);
    expect(laneNames("lanes", ["a", "b"])).toSatisfy(Object.isFrozen);
  });
});

describe("ensureOneBodyEach", () => {
  const body = (jobId: string, payload: string): ReturnType<typeof jobRequest>["body"] =>
    jobRequest(paid(jobId, { payload })).body;

  it("takes the same job twice for one, wherever it stands", () => {
    expect(() => {
      ensureOneBodyEach([body("a", "1"), body("b", "2"), body("a", "1")]);
    }).not.toThrow();
  });

  it("refuses another body under an id that was there before", () => {
    expect(() => {
      ensureOneBodyEach([body("a", "1"), body("b", "2"), body("a", "2")]);
    }).toThrow(expect.objectContaining({ code: "job_conflict", subject: "a" }));
  });
});

it("unknownJob: says which", () => {
  expect(unknownJob("j")).toMatchObject({ code: "job_unknown", subject: "j" });
});

describe("errorText", () => {
  it("keeps 4,000 code units", () => {
    expect(errorText("error", "")).toBe("");
    expect(errorText("error", "x".repeat(4000))).toHaveLength(4000);
    expect(errorText("error", "x".repeat(4001))).toHaveLength(4000);
  });

  // PostgreSQL's text takes neither: a job whose error cannot be stored could never be failed.
  it.each([
    ["cuts no character in half", `${"x".repeat(3999)}\u{1f600}`],
    ["keeps no lone surrogate", "a\u{d800}b"],
    ["keeps no NUL", "a\0b"],
  ])("%s", (_, text) => {
    expect(errorText("error", text)).toMatch(/\ufffd/u);
    expect(/[\0\p{Cs}]/u.test(errorText("error", text))).toBe(false);
  });
});

describe("jsonText", () => {
  it("is JSON that says the same, whatever the order of the keys", () => {
    const reordered = (value: unknown): unknown => {
      if (typeof value !== "object" || value === null) return value;
      if (Array.isArray(value)) return value.map(reordered);
      return Object.fromEntries(
        Object.entries(value)
          .reverse()
          .map(([key, field]) => [key, reordered(field)]),
      );
    };
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
        const text = jsonText("payload", value);
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
        expect(jsonText("payload", reordered(value))).toBe(text);
        expect(jsonText("payload", JSON.parse(text))).toBe(text);
      }),
    );
  });

  it.each([
    [undefined, "null"],
    [null, "null"],
    [NaN, "null"],
    [new Date(0), '"1970-01-01T00:00:00.000Z"'],
    [{ b: undefined, a: 1 }, '{"a":1}'],
    [JSON.parse('{"__proto__":{"x":1},"a":2}'), '{"__proto__":{"x":1},"a":2}'],
    [{ 10: 1, 9: 2 }, '{"9":2,"10":1}'],
    [Object("text"), '"text"'],
    [Object(5), "5"],
    [Object(false), "false"],
  ])("of %o is %s, as JSON.stringify says", (value, json) => {
    expect(jsonText("payload", value)).toBe(json);
  });

  it.each<readonly [string, unknown]>([
    ["a bigint", 1n],
    ["a bigint inside", { deep: [1n] }],
    ["a bigint object", Object(1n)],
    ["a function", () => 1],
    ["a symbol", Symbol("s")],
    [
      "what refuses to be written",
      {
        toJSON: () => {
          throw new Error("no");
        },
      },
    ],
  ])("refuses %s", (_, value) => {
    expect(() => jsonText("payload", value)).toThrow(TypeError);
  });

  it("says what refused to be written", () => {
    const cause = new Error("no");
    const value = {
      toJSON: () => {
        throw cause;
      },
    };
    expect(() => jsonText("payload", value)).toThrow(expect.objectContaining({ cause }));
  });
});

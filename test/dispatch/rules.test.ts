import { BackendKind, epochSeconds, JobState, microCents } from "dispatch-kit";
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
import { claimOptions } from "../../src/dispatch/options.ts";
import {
  costLimit,
  deadlineOf,
  errorText,
  expired,
  isPast,
  lostLease,
  mayHoldAgain,
  noRoom,
  prunedJob,
  refusalDelay,
  scopesMissing,
  storableText,
  timedOut,
  unknownJob,
} from "../../src/dispatch/rules.ts";
import { jsonText } from "../../src/dispatch/job-request.ts";
import { ensureOneBodyEach } from "../../src/dispatch/job-request.ts";
import { laneNames, pageLimit } from "../../src/dispatch/options.ts";
import { approved, capped, free, micro, MOST, paid, START, YES } from "../stores/memory/support.ts";

describe("jobRequest", () => {
  it("gives the body with its defaults, and who approved", () => {
    const { body, terms, approved: none } = jobRequest(paid("j", { payload: { b: 1, a: [2] } }));
    expect(body).toEqual({
      jobId: "j",
      lane: "text",
      payload: '{"a":[2],"b":1}',
      backend: "cloud_worker",
      maxCost: 10n,
      maxAttempts: 3,
      priority: 0,
      runAt: null,
      scopes: null,
      requestedBy: null,
      maxRunSeconds: null,
    });
    expect(terms).toEqual({ askedScopes: null, tags: {}, decideBy: null, claimBy: null });
    expect(terms).toSatisfy(Object.isFrozen);
    expect(none).toBeNull();
    expect(body).toSatisfy(Object.isFrozen);
    const rest = { priority: -7, runAt: epochSeconds(START) };
    const given = jobRequest(approved("j", capped(5), rest));
    expect(given.body).toMatchObject(rest);
    expect(given.approved).toMatchObject({ approval: YES, scopes: [{ cap: 5n }, { cap: 5n }] });
    expect(given.approved).toSatisfy(Object.isFrozen);
  });

  it("makes the names of the scopes a part of the job, and nothing else of them", () => {
    const until = epochSeconds(START);
    const asked = jobRequest(paid("j", { scopes: [{ scope: "b", cap: micro(5), until }, { scope: "a" }] }));
    expect(asked.body.scopes).toBe('["a","b"]');
    expect(asked.terms.askedScopes).toEqual([
      { scope: "b", cap: 5n, until },
      { scope: "a", cap: null, until: null },
    ]);
    const again = jobRequest(paid("j", { scopes: capped(7, "a", "b") }));
    expect(again.body).toEqual(asked.body);
    expect(jobRequest(paid("j", { scopes: capped(7, "a") })).body.scopes).not.toBe(asked.body.scopes);
    // Quoted: no two lists of names look the same.
    expect(jobRequest(paid("j", { scopes: capped(7, 'a","b') })).body.scopes).not.toBe(asked.body.scopes);
  });

  it("keeps who asked and how long it may run as a part of the job, and its deadlines and tags beside it", () => {
    const [decideBy, claimBy] = [epochSeconds(START), new Date(START * 1000 + 500)];
    const rest = { requestedBy: "team:red", maxRunSeconds: 0.5, tags: { user: "u-7" }, decideBy, claimBy };
    const { body, terms } = jobRequest(paid("j", rest));
    expect(body).toMatchObject({ requestedBy: "team:red", maxRunSeconds: 0.5 });
    expect(terms).toEqual({
      askedScopes: null,
      tags: { user: "u-7" },
      decideBy: START,
      claimBy: START + 0.5,
    });
  });

  it("holds an approval in the scopes of the request if it names none", () => {
    const scopes = capped(5);
    const approval = { author: "carol", reason: "agreed" };
    for (const none of [{ approval }, { approval, scopes: undefined }]) {
      expect(jobRequest(paid("j", { scopes, approved: none })).approved?.scopes).toEqual(
        scopes.map((scope) => ({ ...scope, until: null })),
      );
      expect(() => jobRequest(paid("j", { approved: none }))).toThrow(TypeError);
    }
    const own = jobRequest(paid("j", { scopes, approved: { approval, scopes: capped(6, "own") } }));
    expect(own.approved?.scopes).toEqual([{ scope: "own", cap: 6n, until: null }]);
  });

  it.each<readonly [string, object, typeof TypeError]>([
    ["a run of no length", { maxRunSeconds: 0 }, RangeError],
    ["a run without an end", { maxRunSeconds: Infinity }, RangeError],
    ["a run in words", { maxRunSeconds: "60" }, TypeError],
    ["nobody by name", { requestedBy: "" }, RangeError],
    ["a person as an object", { requestedBy: { name: "carol" } }, TypeError],
    ["a deadline in milliseconds", { claimBy: Date.now() }, RangeError],
    ["a deadline in words", { decideBy: "2026-11-23T00:00:00Z" }, TypeError],
    ["scopes that are none", { scopes: [] }, RangeError],
    ["tags in a list", { tags: ["user"] }, TypeError],
    ["tags that are null", { tags: null }, TypeError],
  ])("refuses %s", (_, rest, error) => {
    expect(() => jobRequest(paid("j", rest))).toThrow(error);
  });

  it("takes a run that is longer than the longest lease", () => {
    expect(jobRequest(paid("j", { maxRunSeconds: 86_401 })).body.maxRunSeconds).toBe(86_401);
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

describe("deadlineOf, isPast", () => {
  const [early, late] = [epochSeconds(START), epochSeconds(START + 1)];
  it.each(Object.values(JobState))("bind the first decision and the first claim: %s", (state) => {
    const of = (isDecided: boolean, isClaimed: boolean, decideBy = early, claimBy = late): unknown =>
      deadlineOf({ decideBy, claimBy }, { state, isDecided, isClaimed });
    const waits = state === "awaiting_approval";
    const offered = state === "queued" || state === "pending";
    expect(of(false, false)).toBe(waits ? early : offered ? late : null);
    expect(of(false, false, late, early)).toBe(waits || offered ? early : null);
    expect(of(true, false)).toBe(waits || offered ? late : null);
    expect(of(false, true)).toBe(waits ? early : null);
    expect(of(true, true)).toBeNull();
  });

  it("have passed from their very second on", () => {
    expect(isPast(late, early)).toBe(false);
    expect(isPast(late, epochSeconds(START + 0.999))).toBe(false);
    expect(isPast(late, late)).toBe(true);
    expect(isPast(early, late)).toBe(true);
    expect(isPast(null, late)).toBe(false);
  });
});

describe("mayHoldAgain", () => {
  const body = { maxCost: micro(10), maxAttempts: 3 };
  it.each([
    [0n, 1, true],
    [20n, 1, true],
    [21n, 1, false],
    [30n, 1, false],
    [30n, 2, true],
    [50n, 2, true],
    [51n, 2, false],
    // Nobody has approved it.
    [0n, 0, false],
  ])("of $0.0000003 for each grant, with %d booked and %d grants: %s", (booked, grants, may) => {
    expect(mayHoldAgain(body, booked, grants)).toBe(may);
  });

  it("is exact for the largest amounts", () => {
    const most = { maxCost: micro(MOST), maxAttempts: Number.MAX_SAFE_INTEGER };
    const all = MOST * BigInt(Number.MAX_SAFE_INTEGER);
    expect(mayHoldAgain(most, all - MOST, 1)).toBe(true);
    expect(mayHoldAgain(most, all - MOST + 1n, 1)).toBe(false);
  });
});

it("refusalDelay: a minute, and twice as long each time", () => {
  expect([0, 1, 2, 6].map(refusalDelay)).toEqual([60, 120, 240, 3840]);
});

describe("why a job waits again or has ended", () => {
  it("noRoom: says what each scope lacks, and never a payload", () => {
    const until = epochSeconds(START);
    const lacking = [
      { scope: "a", by: micro(5), until },
      { scope: "b", by: micro(10), until, over: true },
      { scope: "c", by: micro(10), unknown: true },
    ] as const;
    expect(noRoom("busy", lacking)).toEqual({
      code: "no_room",
      message: 'busy; no retry: "a" lacks $0.00000005, "b" is over, "c" has no cap',
    });
  });

  it("costLimit, lostLease, timedOut, expired: have a code each", () => {
    expect(costLimit("stopped")).toMatchObject({ code: "cost_limit" });
    expect(costLimit("stopped").message).toMatch(/^stopped; no retry: /);
    expect(lostLease(2)).toEqual({ code: "lost", message: "attempt 2 lost its lease" });
    expect(timedOut(2)).toEqual({ code: "timed_out", message: "attempt 2 ran longer than maxRunSeconds" });
    expect(expired(true)).toEqual({ code: "expired", message: "nobody approved it in time" });
    expect(expired(false)).toEqual({ code: "expired", message: "nobody claimed it in time" });
  });

  it("prunedJob, scopesMissing: say which", () => {
    expect(prunedJob("j")).toMatchObject({ code: "job_pruned", subject: "j" });
    expect(scopesMissing("j")).toBeInstanceOf(RangeError);
    expect(scopesMissing("j").message).toContain('"j"');
  });
});

describe("claimOptions", () => {
  const signal = new AbortController().signal;
  const onRefused = (): number => 1;

  it("gives what was left out its meaning, and keeps what was given", () => {
    const none = { leaseSeconds: null, by: null, onRefused: null, signal: null };
    const missing = { leaseSeconds: undefined, by: undefined, onRefused: undefined, signal: undefined };
    for (const options of [{}, none, missing]) expect(claimOptions("claim", options)).toEqual(none);
    const all = { leaseSeconds: 86_400, by: "worker-1", onRefused, signal };
    expect(claimOptions("claim", all)).toEqual(all);
    expect(claimOptions("claim", { leaseSeconds: 0.001 }).leaseSeconds).toBe(0.001);
  });

  it.each<readonly [string, unknown, typeof TypeError]>([
    ["nothing", undefined, TypeError],
    ["null", null, TypeError],
    ["a list", [], TypeError],
    ["a lease of no length", { leaseSeconds: 0 }, RangeError],
    ["a lease without an end", { leaseSeconds: Infinity }, RangeError],
    ["a lease of more than a day", { leaseSeconds: 86_400.001 }, RangeError],
    ["a lease in words", { leaseSeconds: "60" }, TypeError],
    ["nobody by name", { by: "" }, RangeError],
    ["a worker by number", { by: 7 }, TypeError],
    ["a callback that is none", { onRefused: "log" }, TypeError],
    ["a signal that is none", { signal: true }, TypeError],
    ["a misspelt option", { leaseSecond: 60 }, TypeError],
  ])("refuses %s", (_, options, error) => {
    expect(() => claimOptions("claim", options)).toThrow(error);
    expect(() => claimOptions("claim", options)).toThrow(/^claim: options/);
  });
});

describe("completeOptions, failOptions, recoverOptions", () => {
  it("give what was left out its meaning", () => {
    expect(completeOptions({})).toEqual({ actual: null });
    expect(failOptions({ retriable: true })).toEqual({
      retriable: true,
      counts: true,
      maxAttempts: Infinity,
      actual: null,
      retryAfterSeconds: 0,
    });
    expect(recoverOptions({ ttlSeconds: 60 })).toEqual({ ttlSeconds: 60, maxAttempts: Infinity, limit: 100 });
  });

  it("keep what was given", () => {
    const options = {
      retriable: false,
      counts: false,
      maxAttempts: 0,
      actual: micro(0),
      retryAfterSeconds: 1e9,
    };
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

it("storableText: leaves what a text column can hold, of any length", () => {
  const unit = fc.oneof(fc.constantFrom(0, 10, 0xd83d, 0xde00), fc.integer({ min: 0, max: 0xffff }));
  fc.assert(
    fc.property(fc.string({ unit: unit.map((code) => String.fromCharCode(code)) }), (text) => {
      // What comes back from UTF-8 is well-formed.
      const wellFormed = Buffer.from(text.slice(0, 4000)).toString();
      expect(storableText(text)).toBe(wellFormed.replaceAll("\0", "\ufffd"));
    }),
  );
  expect(storableText("x".repeat(3999) + "\u{1f600}")).toBe("x".repeat(3999) + "\ufffd");
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

  it.each([
    ["lists", (inner: unknown): unknown => [inner]],
    ["objects", (inner: unknown): unknown => ({ inner })],
    ["both", (inner: unknown): unknown => ({ inner: [inner] })],
  ])(
    "takes what is nested 500 deep, and refuses what is nested deeper, with a TypeError: %s",
    (name, wrap) => {
      const nested = (depth: number): unknown => {
        let value: unknown = 1;
        for (let level = 0; level < depth; level++) value = wrap(value);
        return value;
      };
      const steps = name === "both" ? 250 : 500;
      expect(JSON.parse(jsonText("payload", nested(steps)))).toEqual(nested(steps));
      // Where the stack ends differs between runtimes; what is said does not.
      for (const depth of [steps + 1, 2400, 4300, 100_000]) {
        expect(() => jsonText("payload", nested(depth))).toThrow(TypeError);
        expect(() => jsonText("payload", nested(depth))).toThrow("payload must be nested at most 500 deep");
      }
    },
  );

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

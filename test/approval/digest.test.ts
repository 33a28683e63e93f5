import {
  BackendKind,
  type DigestedJob,
  type DigestedScope,
  epochSeconds,
  jobDigest,
  microCents,
  monthScope,
  usd,
} from "dispatch-kit";
import {
  joinedDigest,
  jobRequest,
  jobText,
  requirementsOf,
  scopesText,
  textDigest,
} from "dispatch-kit/rules";
import fc from "fast-check";
import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { without } from "../support/without.ts";

const job: DigestedJob = {
  jobId: "42",
  lane: "gpu",
  payload: '{"file":"talk.wav"}',
  backend: BackendKind.CLOUD_WORKER,
  maxCost: usd("0.40"),
  maxAttempts: 2,
  runAt: epochSeconds(1_795_392_000.5),
  maxRunSeconds: 600,
  requestedBy: "carol",
  requires: { bound: true, votes: 2 },
};
const scopes: readonly DigestedScope[] = [
  { scope: "run:42", cap: usd(1) },
  { ...monthScope(epochSeconds(1_795_392_000), "UTC"), cap: usd(50) },
];
const asked = { storeId: "s-1", job, scopes };

/** The two texts, written out: what a database or a program in another language has to hash. */
const JOB_TEXT =
  '{"backend":"cloud_worker","jobId":"42","lane":"gpu","maxAttempts":2,"maxCost":"40000000","maxRunSeconds":600,' +
  String.raw`"payload":"{\"file\":\"talk.wav\"}","requestedBy":"carol","requires":{"bound":true,"votes":2},` +
  '"runAt":1795392000.5,"storeId":"s-1"}';
const SCOPES_TEXT =
  '[{"cap":"5000000000","scope":"month:2026-11","until":1796083200},{"cap":"100000000","scope":"run:42","until":null}]';

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

describe("jobDigest", () => {
  it("is SHA-256 over the two digests of the two texts, in hex", () => {
    expect(jobDigest(asked)).toBe(sha256(sha256(JOB_TEXT) + sha256(SCOPES_TEXT)));
    expect(jobDigest(asked)).toMatch(/^[\da-f]{64}$/);
  });

  it("is what a store makes of the same job, from what it has checked", () => {
    const { body } = jobRequest({ ...without(job, "requires"), payload: { file: "talk.wav" } });
    const text = jobText("s-1", { ...body, requires: requirementsOf("requires", job.requires) });
    expect(text).toBe(JOB_TEXT);
    const held = scopes.map(({ scope, cap = null, until = null }) => ({
      scope,
      cap,
      until: until as ReturnType<typeof epochSeconds> | null,
    }));
    expect(scopesText(held)).toBe(SCOPES_TEXT);
    expect(joinedDigest(textDigest(text), textDigest(scopesText(held)))).toBe(jobDigest(asked));
  });

  it.each<readonly [string, Partial<typeof asked>]>([
    ["storeId", { storeId: "s-2" }],
    ["jobId", { job: { ...job, jobId: "43" } }],
    ["lane", { job: { ...job, lane: "cpu" } }],
    ["payload", { job: { ...job, payload: '{"file":"Talk.wav"}' } }],
    ["payload, by white space", { job: { ...job, payload: '{"file": "talk.wav"}' } }],
    ["payload, by another form of the same letter", { job: { ...job, payload: '"e\u0301"' } }],
    ["payload, in the other form", { job: { ...job, payload: '"\u00e9"' } }],
    ["backend", { job: { ...job, backend: BackendKind.SDK } }],
    ["maxCost", { job: { ...job, maxCost: usd("0.40000001") } }],
    ["maxAttempts", { job: { ...job, maxAttempts: 3 } }],
    ["runAt", { job: { ...job, runAt: null } }],
    ["maxRunSeconds", { job: { ...job, maxRunSeconds: null } }],
    ["requestedBy", { job: { ...job, requestedBy: null } }],
    ["requires.bound", { job: { ...job, requires: { votes: 2 } } }],
    ["requires.votes", { job: { ...job, requires: { bound: true } } }],
    ["requires", { job: { ...job, requires: null } }],
    ["a cap", { scopes: [{ scope: "run:42", cap: usd(2) }, ...scopes.slice(1)] }],
    ["a pinned cap", { scopes: [{ scope: "run:42" }, ...scopes.slice(1)] }],
    ["until", { scopes: [{ ...scopes[0], scope: "run:42", until: epochSeconds(1) }, ...scopes.slice(1)] }],
    ["the name of a scope", { scopes: [{ scope: "run:43", cap: usd(1) }, ...scopes.slice(1)] }],
    ["a scope fewer", { scopes: scopes.slice(1) }],
    ["a scope more", { scopes: [...scopes, { scope: "all" }] }],
  ])("is another for another %s", (_, altered) => {
    expect(jobDigest({ ...asked, ...altered })).not.toBe(jobDigest(asked));
  });

  it("is the same for the same: a default, a Date, another order of scopes", () => {
    const { jobId, lane, payload, backend, maxCost, maxAttempts } = job;
    const least = { jobId, lane, payload, backend, maxCost, maxAttempts };
    const all = {
      ...least,
      runAt: null,
      maxRunSeconds: null,
      requestedBy: null,
      requires: { bound: false, votes: 1 },
    } as const;
    expect(jobDigest({ ...asked, job: least })).toBe(jobDigest({ ...asked, job: all }));
    const dated = { ...job, runAt: new Date(1_795_392_000_500) };
    expect(jobDigest({ ...asked, job: dated })).toBe(jobDigest(asked));
    expect(jobDigest({ ...asked, scopes: [...scopes].reverse() })).toBe(jobDigest(asked));
  });

  it.each<readonly [string, unknown, typeof TypeError]>([
    ["a payload that is no text", { ...job, payload: { file: "talk.wav" } }, TypeError],
    ["a payload that is not JSON", { ...job, payload: "talk.wav" }, RangeError],
    ["a name that occurs twice", { ...job, payload: '{"to":"alice","to":"mallory"}' }, RangeError],
    ["an unsafe integer", { ...job, payload: '{"amount":9007199254740993}' }, RangeError],
    ["a lone surrogate", { ...job, payload: String.raw`"\ud800"` }, RangeError],
    ["a cost in dollars", { ...job, maxCost: 0.4 }, TypeError],
    ["no attempts", { ...job, maxAttempts: 0 }, RangeError],
    ["no time to run", { ...job, maxRunSeconds: 0 }, RangeError],
    ["three votes", { ...job, requires: { votes: 3 } }, RangeError],
    ["another demand", { ...job, requires: { witness: true } }, TypeError],
    ["tags", { ...job, tags: {} }, TypeError],
  ])("refuses %s", (_, altered, error) => {
    expect(() => jobDigest({ ...asked, job: altered as DigestedJob })).toThrow(error);
  });

  it("says which payload it refuses, and does not show it", () => {
    const secret = { ...job, payload: '{"secret":1,"secret":2}' };
    expect(() => jobDigest({ ...asked, job: secret })).toThrow(
      /^jobDigest\.job\.payload must name each (?!.*secret)/,
    );
  });

  it("no two different requests have the same texts", () => {
    const name = fc.string({ unit: fc.constantFrom(...'ab:,"\\é1'), minLength: 1, maxLength: 4 });
    const cap = fc.option(fc.bigInt({ min: 0n, max: 3n }).map(microCents));
    const list = fc.uniqueArray(fc.record({ scope: name, cap, until: fc.constant(null) }), {
      selector: ({ scope }) => scope,
      minLength: 1,
      maxLength: 3,
    });
    const sorted = (of: readonly DigestedScope[]): readonly DigestedScope[] =>
      [...of].sort((a, b) => (a.scope < b.scope ? -1 : 1));
    const request = fc.record({ storeId: name, job: fc.record({ jobId: name, lane: name }), scopes: list });
    fc.assert(
      fc.property(request, request, (one, other) => {
        const digest = (of: typeof one): string => jobDigest({ ...of, job: { ...job, ...of.job } });
        const same = [one, other].map((of) =>
          JSON.stringify([of.storeId, of.job, sorted(of.scopes).map((s) => [s.scope, String(s.cap)])]),
        );
        expect(digest(one) === digest(other)).toBe(same[0] === same[1]);
      }),
    );
  });
});

describe("textDigest", () => {
  it("is SHA-256 of the text in UTF-8", () => {
    // FIPS 180-4's own example, from NIST's "SHA256.pdf" of its cryptographic examples.
    expect(textDigest("abc")).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 300 }), (text) => {
        expect(textDigest(text)).toBe(sha256(text));
      }),
    );
  });
});

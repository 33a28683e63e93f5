import type { EgressEvent } from "dispatch-kit";
import { egressFetch } from "dispatch-kit/calls";
import { describe, expect, it, vi } from "vitest";
import { env, failure, quiet, withServer } from "./egress-fetch-support.ts";

const { at, arrived } = withServer();

describe("egressFetch: the audit record", () => {
  it("is written before anything is sent, and waited for", async () => {
    const records: [string, EgressEvent, number][] = [];
    const log = async (line: string, event: EgressEvent) => {
      await new Promise((resolve) => setImmediate(resolve));
      records.push([line, event, arrived()]);
    };
    await egressFetch(at().endpoint(), "x", {}, { ...quiet, detail: "job 42\n", log });
    expect(records).toEqual([
      [
        'egress name="local" host="localhost" detail="job 42\\n"',
        { event: "egress", name: "local", host: "localhost", detail: "job 42\\n" },
        0,
      ],
    ]);
    expect(arrived()).toBe(1);
  });

  it("goes to console.warn by default", async () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    await egressFetch(at().endpoint(), "x", {}, { env });
    expect(warn.mock.calls).toEqual([['egress name="local" host="localhost"']]);
    warn.mockRestore();
  });

  it.each<[string, () => unknown]>([
    [
      "throws",
      () => {
        throw new Error("disk full");
      },
    ],
    ["rejects", () => Promise.reject(new Error("disk full"))],
  ])("that %s: nothing is sent", async (_, log) => {
    const error = await failure(egressFetch(at().endpoint(), "x", {}, { ...quiet, log }));
    expect(error).toMatchObject({ reason: "unrecorded", sent: false, cause: { message: "disk full" } });
    expect(arrived()).toBe(0);
  });

  it("that never comes to an end: cut off, and nothing is sent", async () => {
    const log = () => new Promise(() => null);
    const error = await failure(
      egressFetch(at().endpoint(), "x", {}, { ...quiet, log, timeoutSeconds: 0.02 }),
    );
    expect(error).toMatchObject({ reason: "timed_out", sent: false });
    expect(arrived()).toBe(0);
  });
});

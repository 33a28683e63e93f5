import { BackendKind, epochSeconds, Worker } from "dispatch-kit";
import { describe, expect, it } from "vitest";
import { workerOf } from "../../src/fleet/worker.ts";

const SEEN = epochSeconds(1_795_392_000);
const required = {
  name: "gpu-box-1",
  kind: BackendKind.LAN_WORKER,
  lanes: ["audio", "text"],
  lastSeen: SEEN,
};
const defaults = { gpu: false, vramGb: null, currentJob: null, recentRtf: null };
const full = { ...required, gpu: true, vramGb: 24, currentJob: "job-7", recentRtf: 0.4 };

describe("Worker", () => {
  it("is what it was made of, and frozen with its lanes", () => {
    const lanes = ["audio"];
    const worker = new Worker({ ...full, lanes });
    lanes.push("text");
    expect({ ...worker }).toStrictEqual({ ...full, lanes: ["audio"] });
    expect(worker).toSatisfy(Object.isFrozen);
    expect(worker.lanes).toSatisfy(Object.isFrozen);
  });

  it("has neither a GPU nor a job unless it says so; an explicit undefined is a missing field", () => {
    expect({ ...new Worker(required) }).toStrictEqual({ ...required, ...defaults });
    const none = { gpu: undefined, vramGb: undefined, currentJob: undefined, recentRtf: undefined };
    expect({ ...new Worker({ ...required, ...none }) }).toStrictEqual({ ...required, ...defaults });
  });

  it("takes a Date", () => {
    const lastSeen = new Date(SEEN * 1000);
    expect(new Worker({ ...required, lastSeen })).toEqual(new Worker(required));
  });

  it("busy: whether it runs a job; no field of its own", () => {
    expect(new Worker(full).busy).toBe(true);
    expect(new Worker(required).busy).toBe(false);
    expect(Object.keys(new Worker(full))).not.toContain("busy");
    const borrowed = Object.create(new Worker(full)) as Worker;
    expect(() => borrowed.busy).toThrow(TypeError);
  });

  it.each<readonly [string, unknown, string]>([
    ["nothing", undefined, "Worker must be a plain object; got undefined"],
    ["a missing name", { ...full, name: undefined }, "Worker.name must be a string; got undefined"],
    ["one lane as text", { ...full, lanes: "audio" }, "Worker.lanes must be an array; got a string"],
    ["a lane that is none", { ...full, lanes: [1] }, "Worker.lanes[0] must be a string; got 1"],
    [
      "an instant as text",
      { ...full, lastSeen: "now" },
      "Worker.lastSeen must be a Date or epoch seconds; got a string",
    ],
    ["what is merely truthy", { ...full, gpu: 1 }, "Worker.gpu must be true or false; got 1"],
    ["null for a flag", { ...full, gpu: null }, "Worker.gpu must be true or false; got null"],
    ["memory in words", { ...full, vramGb: "24" }, "Worker.vramGb must be a number; got a string"],
  ])("refuses the type of %s", (_, fields, message) => {
    expect(() => new Worker(fields as never)).toThrow(new TypeError(message));
  });

  it("refuses an unknown field", () => {
    expect(() => new Worker({ ...full, busy: true } as never)).toThrow(
      new TypeError(
        'Worker has no field "busy"; its fields are name, kind, lanes, lastSeen, gpu, vramGb, currentJob, recentRtf',
      ),
    );
  });

  it.each<readonly [string, object, string]>([
    [
      "an empty name",
      { name: "" },
      'Worker.name must be 1 to 200 code units without control characters; got ""',
    ],
    [
      "an empty job",
      { currentJob: "" },
      'Worker.currentJob must be 1 to 200 code units without control characters; got ""',
    ],
    [
      "another kind",
      { kind: "cluster" },
      'Worker.kind must be one of local, lan_worker, cloud_worker, sdk; got "cluster"',
    ],
    [
      "milliseconds",
      { lastSeen: 1_795_392_000_000 },
      "Worker.lastSeen must be a valid Date or finite epoch seconds, not milliseconds; got 1795392000000",
    ],
    ["negative memory", { vramGb: -1 }, "Worker.vramGb must be finite and at least 0; got -1"],
    ["no pace at all", { recentRtf: NaN }, "Worker.recentRtf must be finite and at least 0; got NaN"],
  ])("refuses %s", (_, wrong, message) => {
    expect(() => new Worker({ ...full, ...wrong })).toThrow(new RangeError(message));
  });
});

describe("workerOf", () => {
  it("takes one that was made here as it is, and reads any other by its own fields", () => {
    const foreign = (fields: object): object => Object.assign(Object.create({}) as object, fields);
    const worker = new Worker(full);
    expect(workerOf("worker", worker)).toBe(worker);
    for (const other of [structuredClone(worker), { ...full }, foreign(full)]) {
      const read = workerOf("worker", other);
      expect(read).toBeInstanceOf(Worker);
      expect(read).toEqual(worker);
    }
    expect(() => workerOf("worker", foreign({ ...full, gpu: "yes" }))).toThrow(
      new TypeError("worker.gpu must be true or false; got a string"),
    );
  });
});

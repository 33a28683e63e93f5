import { BackendKind, Determinism, GpuContext, NodeIdentity, Provenance } from "dispatch-kit";
import { describe, expect, it } from "vitest";

const required = {
  toolId: "boltz",
  toolVersion: "2.1.0",
  weightsId: null,
  weightsSha256: null,
  paramsHash: "sha256:9f86d081",
  inputHash: "sha256:60303ae2",
  referenceDataVersions: { uniref90: "2026_02" },
  containerDigest: null,
  seed: 42,
  determinism: Determinism.SEEDED,
  runtimeSeconds: 318.5,
};
const defaults = { gpu: null, backend: "local", node: null, extra: {} };
const full = {
  ...required,
  weightsId: "boltz2-conf",
  weightsSha256: "9f86d081",
  containerDigest: "sha256:1b4f0e98",
  gpu: new GpuContext({ model: "RTX 4090", vramGb: 24 }),
  backend: BackendKind.LAN_WORKER,
  node: new NodeIdentity({ name: "gpu-box-1" }),
  extra: { ticket: "42", note: "" },
};

describe("Determinism", () => {
  it("is frozen", () => {
    expect(Determinism).toSatisfy(Object.isFrozen);
  });
});

describe("Provenance", () => {
  it("is what it was made of, and frozen with all that it holds", () => {
    const provenance = new Provenance(full);
    expect({ ...provenance }).toStrictEqual(full);
    for (const held of [provenance, ...(Object.values(provenance) as unknown[])]) {
      if (typeof held === "object") expect(held).toSatisfy(Object.isFrozen);
    }
  });

  it("copies its records", () => {
    const referenceDataVersions: Record<string, string> = { uniref90: "2026_02" };
    const extra: Record<string, string> = {};
    const provenance = new Provenance({ ...required, referenceDataVersions, extra });
    referenceDataVersions["uniref90"] = "2025_01";
    extra["later"] = "1";
    expect(provenance.referenceDataVersions).toEqual({ uniref90: "2026_02" });
    expect(provenance.extra).toEqual({});
  });

  it("an explicit undefined is a missing field", () => {
    expect({ ...new Provenance(required) }).toStrictEqual({ ...required, ...defaults });
    const none = { gpu: undefined, backend: undefined, node: undefined, extra: undefined };
    expect({ ...new Provenance({ ...required, ...none }) }).toStrictEqual({ ...required, ...defaults });
    expect(new Provenance({ ...required, gpu: null, node: null })).toEqual(new Provenance(required));
  });

  it("reads another copy's GPU and node by their fields", () => {
    const gpu = Object.assign(Object.create({}) as object, full.gpu);
    const made = new Provenance({ ...full, gpu, node: structuredClone(full.node) });
    expect(made).toEqual(new Provenance(full));
    expect(made.gpu).toBeInstanceOf(GpuContext);
    expect(made.node).toBeInstanceOf(NodeIdentity);
    expect(new Provenance(JSON.parse(JSON.stringify(made)) as Provenance)).toEqual(made);
  });

  it("a record may have any key, and none of them is inherited", () => {
    const odd = JSON.parse('{ "__proto__": "1", "constructor": "2", "": "3" }') as Record<string, string>;
    const { extra } = new Provenance({ ...required, extra: odd });
    expect(Object.entries(extra)).toEqual(Object.entries(odd));
    expect(Object.getPrototypeOf(extra)).toBe(Object.prototype);
  });

  it.each<readonly [Determinism, number | null, string | null]>([
    ["deterministic", null, null],
    ["deterministic", 0, null],
    ["seeded", 0, null],
    ["seeded", -7, null],
    ["nondeterministic", null, null],
    ["seeded", null, "Provenance.seed must be a whole number, since determinism is seeded; got null"],
    ["nondeterministic", 0, "Provenance.seed must be null, since determinism is nondeterministic; got 0"],
    ["nondeterministic", 42, "Provenance.seed must be null, since determinism is nondeterministic; got 42"],
  ])("%s with the seed %s: %s", (determinism, seed, message) => {
    const make = (): Provenance => new Provenance({ ...required, determinism, seed });
    if (message === null) expect(make().seed).toBe(seed);
    else expect(make).toThrow(new RangeError(message));
  });

  it.each<readonly [keyof Provenance]>([
    ["toolId"],
    ["toolVersion"],
    ["weightsId"],
    ["weightsSha256"],
    ["paramsHash"],
    ["inputHash"],
    ["containerDigest"],
  ])("%s: never empty, never left out", (name) => {
    expect(() => new Provenance({ ...full, [name]: "" })).toThrow(
      new RangeError(`Provenance.${name} must be 1 to 500 code units without control characters; got ""`),
    );
    expect(() => new Provenance({ ...full, [name]: undefined })).toThrow(
      new TypeError(`Provenance.${name} must be a string; got undefined`),
    );
  });

  it.each<readonly [string, object, Error]>([
    [
      "a negative runtime",
      { runtimeSeconds: -1 },
      new RangeError("Provenance.runtimeSeconds must be finite and at least 0; got -1"),
    ],
    [
      "half a seed",
      { seed: 0.5 },
      new RangeError("Provenance.seed must be a whole number of at least -9007199254740991; got 0.5"),
    ],
    ["no seed at all", { seed: undefined }, new TypeError("Provenance.seed must be a number; got undefined")],
    [
      "another determinism",
      { determinism: "random" },
      new RangeError(
        'Provenance.determinism must be one of deterministic, seeded, nondeterministic; got "random"',
      ),
    ],
    [
      "another backend",
      { backend: "cluster" },
      new RangeError('Provenance.backend must be one of local, lan_worker, cloud_worker, sdk; got "cluster"'),
    ],
    [
      "no versions",
      { referenceDataVersions: undefined },
      new TypeError("Provenance.referenceDataVersions must be a plain object of strings; got undefined"),
    ],
    [
      "versions in a Map",
      { referenceDataVersions: new Map([["a", "1"]]) },
      new TypeError("Provenance.referenceDataVersions must be a plain object of strings; got an object"),
    ],
    [
      "a version that is no text",
      { referenceDataVersions: { uniref90: 2026 } },
      new TypeError('Provenance.referenceDataVersions["uniref90"] must be a string; got 2026'),
    ],
    [
      "a symbol as a key",
      { extra: { [Symbol("x")]: "1" } },
      new TypeError("Provenance.extra: a key must be a string; got a symbol"),
    ],
    [
      "null for a default",
      { extra: null },
      new TypeError("Provenance.extra must be a plain object of strings; got null"),
    ],
    [
      "a GPU by name",
      { gpu: "RTX 4090" },
      new TypeError("Provenance.gpu must be a GpuContext or its fields; got a string"),
    ],
    [
      "a GPU without memory",
      { gpu: { model: "RTX 4090" } },
      new TypeError("Provenance.gpu.vramGb must be a number; got undefined"),
    ],
    [
      "a node without a name",
      { node: { name: "" } },
      new RangeError('Provenance.node.name must be 1 to 200 code units without control characters; got ""'),
    ],
  ])("refuses %s", (_, wrong, error) => {
    expect(() => new Provenance({ ...full, ...wrong })).toThrow(error);
  });

  it("refuses an unknown field", () => {
    expect(() => new Provenance({ ...full, weights: "x" } as never)).toThrow(
      /^Provenance has no field "weights"; its fields are toolId, toolVersion, /,
    );
  });
});

describe("GpuContext", () => {
  const gpu = { model: "RTX 4090", vramGb: 24 };

  it("is what it was made of, and frozen", () => {
    expect({ ...new GpuContext(gpu) }).toStrictEqual(gpu);
    expect(new GpuContext(gpu)).toSatisfy(Object.isFrozen);
  });

  it.each<readonly [object, Error]>([
    [
      { model: "" },
      new RangeError('GpuContext.model must be 1 to 500 code units without control characters; got ""'),
    ],
    [{ vramGb: -1 }, new RangeError("GpuContext.vramGb must be finite and at least 0; got -1")],
    [{ vramGb: null }, new TypeError("GpuContext.vramGb must be a number; got null")],
  ])("refuses %o", (wrong, error) => {
    expect(() => new GpuContext({ ...gpu, ...wrong })).toThrow(error);
  });
});

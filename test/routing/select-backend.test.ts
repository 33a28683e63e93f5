import {
  BackendCapabilities,
  BackendKind,
  NodeIdentity,
  NoEligibleBackendError,
  type Routable,
  selectBackend,
  ToolRequirements,
} from "dispatch-kit";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

const needs = new ToolRequirements({ toolId: "whisper", minVramGb: 16 });
const able = new BackendCapabilities({ hasGpu: true, availableVramGb: 24 });
const unable = new BackendCapabilities();

const kinds = Object.values(BackendKind);
const backends = fc.array(
  fc.record({ kind: fc.constantFrom(...kinds), capabilities: fc.constantFrom(able, unable) }),
  { maxLength: 12 },
);

function kindOf(of: readonly Routable[], allowSdk: boolean): BackendKind | null {
  try {
    return selectBackend(of, needs, { allowSdk }).kind;
  } catch (error) {
    expect(error).toBeInstanceOf(NoEligibleBackendError);
    return null;
  }
}

describe("selectBackend", () => {
  it("prefers LOCAL to LAN to CLOUD to SDK, and the SDK only if it is allowed", () => {
    fc.assert(
      fc.property(backends, fc.boolean(), (of, allowSdk) => {
        const allowed = allowSdk ? kinds : kinds.filter((kind) => kind !== BackendKind.SDK);
        const best = allowed.find((kind) => of.some((one) => one.kind === kind && one.capabilities === able));
        expect(kindOf(of, allowSdk)).toBe(best ?? null);
      }),
    );
  });

  it("the order of backends never changes the kind chosen", () => {
    const shuffled = backends.chain((of) =>
      fc.tuple(fc.constant(of), fc.shuffledSubarray(of, { minLength: of.length })),
    );
    fc.assert(
      fc.property(shuffled, fc.boolean(), ([of, other], allowSdk) => {
        expect(kindOf(other, allowSdk)).toBe(kindOf(of, allowSdk));
      }),
    );
  });

  it("takes the first of a kind, and returns the very object", () => {
    const of = ["unable", "first", "second"].map((name) => ({
      kind: BackendKind.LAN_WORKER,
      capabilities: name === "unable" ? unable : able,
      name,
    }));
    expect(selectBackend(of, needs)).toBe(of[1]);
  });

  it("looks at each backend once, and at none after a LOCAL one that can", () => {
    const asked: string[] = [];
    const backend = (kind: BackendKind, name: string, can: boolean) => ({
      kind,
      canSatisfy: () => {
        asked.push(name);
        return can;
      },
    });
    const cloud = backend(BackendKind.CLOUD_WORKER, "cloud", true);
    const local = backend(BackendKind.LOCAL, "local", true);
    const after = backend(BackendKind.LOCAL, "after", true);
    expect(selectBackend([cloud, local, after], needs)).toBe(local);
    expect(asked).toEqual(["cloud", "local"]);
  });

  it("does not ask a backend that could not win anyway", () => {
    const never = { kind: BackendKind.SDK, canSatisfy: () => expect.unreachable() };
    const lan = { kind: BackendKind.LAN_WORKER, capabilities: able };
    expect(selectBackend<Routable>([lan, never], needs, { allowSdk: true })).toBe(lan);
    expect(() => selectBackend<Routable>([never], needs)).toThrow(NoEligibleBackendError);
  });

  it.each([1, "yes", null, undefined, Promise.resolve(true), {}])(
    "a canSatisfy that answers %j is an error",
    (answer) => {
      const backend = { kind: BackendKind.LOCAL, canSatisfy: () => answer as never };
      expect(() => selectBackend([backend], needs)).toThrow(TypeError);
    },
  );

  it.each([1, "true", "false", null, {}, []])("allowSdk of %j is an error, not an opt-in", (allowSdk) => {
    const sdk = { kind: BackendKind.SDK, capabilities: able };
    expect(() => selectBackend([sdk], needs, { allowSdk: allowSdk as never })).toThrow(TypeError);
  });

  it("refuses what is no backend", () => {
    const one =
      (backend: unknown): (() => unknown) =>
      () =>
        selectBackend([backend as Routable], needs);
    expect(one(null)).toThrow(TypeError);
    expect(one("local")).toThrow(TypeError);
    expect(one({ kind: "local" })).toThrow(TypeError);
    expect(one({ kind: "local", capabilities: { hasGPU: true } })).toThrow(TypeError);
    expect(one({ kind: "local", capabilities: new Map() })).toThrow(TypeError);
    expect(one({ kind: "local", capabilities: Object.create(able) as unknown })).toThrow(TypeError);
    expect(one({ kind: "local", capabilities: [] })).toThrow(TypeError);
    expect(one({ kind: "local", capabilities: null })).toThrow(TypeError);
    expect(one({ kind: "gpu", capabilities: able })).toThrow(RangeError);
    expect(one({ kind: 1, capabilities: able })).toThrow(TypeError);
    expect(() => selectBackend(new Set() as never, needs)).toThrow(TypeError);
    expect(() => selectBackend([], Object.create(needs) as never)).toThrow(TypeError);
    expect(() => selectBackend([], { minVramGb: 16 } as never)).toThrow(TypeError);
    expect(() => selectBackend([], new Map(Object.entries(needs)) as never)).toThrow(TypeError);
  });

  it("reads look-alikes of requirements and capabilities by their fields", () => {
    const small = new BackendCapabilities({ availableVramGb: 15.9 });
    for (const [has, can] of [
      [able, true],
      [small, false],
      [unable, false],
    ] as const) {
      for (const capabilities of [{ ...has }, structuredClone(has), new Proxy(has, {})]) {
        for (const requirements of [needs, { ...needs }, structuredClone(needs)]) {
          const backend = { kind: BackendKind.LOCAL, capabilities: capabilities as BackendCapabilities };
          const select = (): unknown => selectBackend([backend], requirements);
          if (can) expect(select()).toBe(backend);
          else expect(select).toThrow(NoEligibleBackendError);
          expect(has.canSatisfy(requirements)).toBe(can);
        }
      }
    }
  });

  it("asks by its capabilities a backend whose canSatisfy is undefined", () => {
    const given = { kind: BackendKind.LOCAL, canSatisfy: undefined, capabilities: able };
    expect(selectBackend([given as Routable], needs)).toBe(given);
    expect(() => selectBackend([{ ...given, capabilities: unable }], needs)).toThrow(NoEligibleBackendError);
    expect(() => selectBackend([{ ...given, capabilities: undefined } as never], needs)).toThrow(TypeError);
  });

  it("explains of each backend why it was passed over", () => {
    const noGpu = new BackendCapabilities();
    const small = new BackendCapabilities({ hasGpu: true, availableVramGb: 8 });
    const unknown = new BackendCapabilities({ hasGpu: true });
    const noTool = new BackendCapabilities({ hasGpu: true, availableVramGb: 80, toolIds: ["boltz"] });
    const of: Routable[] = [
      { kind: "local", capabilities: noGpu },
      { kind: "lan_worker", capabilities: small },
      { kind: "lan_worker", capabilities: unknown },
      { kind: "cloud_worker", capabilities: noTool },
      { kind: "cloud_worker", canSatisfy: () => false },
      { kind: "sdk", capabilities: able },
    ];
    const error: unknown = catching(() => selectBackend(of, needs));
    expect(error).toBeInstanceOf(NoEligibleBackendError);
    expect((error as NoEligibleBackendError).code).toBe("no_eligible_backend");
    expect((error as NoEligibleBackendError).passedOver.map(({ reason }) => reason)).toEqual([
      "it has no known video memory, and the job needs 16 GB",
      "it has 8 GB of video memory, and the job needs 16 GB",
      "it has no known video memory, and the job needs 16 GB",
      "it lacks the tool",
      "canSatisfy() returned false",
      "allowSdk is not set",
    ]);
    const image = new ToolRequirements({ toolId: "whisper", image: "whisper:3" });
    const noImage = { kind: BackendKind.LOCAL, capabilities: new BackendCapabilities({ images: [] }) };
    const lacksImage = catching(() => selectBackend([noImage], image)) as NoEligibleBackendError;
    expect(lacksImage.passedOver).toEqual([
      { index: 0, kind: "local", reason: 'it lacks the image "whisper:3"' },
    ]);
    expect(Object.isFrozen(lacksImage.passedOver)).toBe(true);
  });

  it("names a few in the message, and all of them in passedOver", () => {
    const many = Array.from({ length: 10_000 }, () => ({ kind: BackendKind.LOCAL, capabilities: unable }));
    const error = catching(() => selectBackend(many, needs)) as NoEligibleBackendError;
    expect(error.passedOver).toHaveLength(10_000);
    expect(error.message.length).toBeLessThan(600);
    expect(error.message).toMatch(/^none of 10000 backends can run "whisper"; #0 local: .*; …$/);
    expect((catching(() => selectBackend([], needs)) as Error).message).toBe(
      'none of 0 backends can run "whisper"',
    );
    // With eight of them, all are named.
    const named = (catching(() => selectBackend(many.slice(0, 8), needs)) as Error).message;
    expect(named).toMatch(/; #7 local: [^;…]*$/);
  });

  it.each(["kind", "canSatisfy", "capabilities"])("asks nobody while every object inherits %s", (key) => {
    Object.defineProperty(Object.prototype, key, { value: "local", configurable: true });
    try {
      expect(() => selectBackend([], needs)).toThrow(
        new TypeError(`selectBackend: Object.prototype has "${key}", so every backend would inherit it`),
      );
    } finally {
      Reflect.deleteProperty(Object.prototype, key);
    }
  });

  it("allows no SDK by options that do not say so", () => {
    const sdk = { kind: BackendKind.SDK, canSatisfy: () => true };
    for (const options of [{}, { allowSdk: false }, undefined]) {
      expect(() => selectBackend([sdk], needs, options)).toThrow(NoEligibleBackendError);
    }
    expect(selectBackend([sdk], needs, { allowSdk: true })).toBe(sdk);
  });

  it("looks at none after a LOCAL backend that can", () => {
    const local = {
      kind: BackendKind.LOCAL,
      capabilities: new BackendCapabilities({ hasGpu: true, availableVramGb: 80 }),
    };
    const after = {
      get kind() {
        return expect.unreachable();
      },
      capabilities: local.capabilities,
    };
    expect(selectBackend([local, after], needs)).toBe(local);
  });
});

describe("BackendCapabilities", () => {
  it("takes a GPU job by its memory alone, whatever hasGpu says", () => {
    for (const hasGpu of [true, false, undefined]) {
      const has = (availableVramGb: number | null): BackendCapabilities =>
        new BackendCapabilities({ hasGpu, availableVramGb });
      expect(has(16).canSatisfy(needs)).toBe(true);
      expect(has(15.999).canSatisfy(needs)).toBe(false);
      expect(has(0).canSatisfy(needs)).toBe(false);
      expect(has(null).canSatisfy(needs)).toBe(false);
      expect(has(null).canSatisfy(new ToolRequirements({ toolId: "whisper" }))).toBe(true);
      expect(has(16).hasGpu).toBe(hasGpu ?? false);
    }
  });

  it("that does not know its memory takes no job that needs any, nor one that needs none of it", () => {
    const unknown = new BackendCapabilities({ hasGpu: true });
    expect(unknown.canSatisfy(new ToolRequirements({ toolId: "whisper", minVramGb: 0 }))).toBe(false);
    expect(unknown.canSatisfy(new ToolRequirements({ toolId: "whisper", minVramGb: null }))).toBe(true);
  });

  it("copies and freezes its lists", () => {
    const images = ["a:1"];
    const backend = new BackendCapabilities({ images, toolIds: [] });
    images.push("b:1");
    expect(backend.images).toEqual(["a:1"]);
    expect(Object.isFrozen(backend.images)).toBe(true);
    expect(Object.isFrozen(backend.toolIds)).toBe(true);
    expect(backend.canSatisfy(new ToolRequirements({ toolId: "x" }))).toBe(false);
  });

  it("takes a reference to an image as long as they get", () => {
    const image = `registry.example.com/${"team/".repeat(40)}whisper@sha256:${"a".repeat(64)}`;
    const backend = new BackendCapabilities({ images: [image] });
    expect(backend.canSatisfy(new ToolRequirements({ toolId: "whisper", image }))).toBe(true);
    expect(() => new ToolRequirements({ toolId: "whisper", image: "x".repeat(501) })).toThrow(RangeError);
  });

  it.each([
    { hasGpu: "yes" },
    { availableVramGb: "24" },
    { images: "a:1" },
    { images: [1] },
    { toolIds: new Set() },
    { gpu: true },
    { availableVRamGb: 24 },
  ])("refuses %j", (given) => {
    expect(() => new BackendCapabilities(given as never)).toThrow(TypeError);
  });
});

describe("ToolRequirements, NodeIdentity", () => {
  it("have null for none, and take undefined for it", () => {
    expect(new ToolRequirements({ toolId: "x", image: undefined })).toEqual({
      toolId: "x",
      minVramGb: null,
      image: null,
    });
    const box = { name: "box", address: null };
    expect(new NodeIdentity({ name: "box" })).toEqual(box);
    expect(new NodeIdentity({ name: "box", address: undefined })).toEqual(box);
    expect(new NodeIdentity(box)).toEqual(box);
    expect(new NodeIdentity({ name: "box", address: "100.64.0.7" }).address).toBe("100.64.0.7");
  });

  it.each([{}, { name: 1 }, { name: undefined }, { name: "box", address: 1 }, { nodeId: "box" }])(
    "NodeIdentity refuses %j",
    (given) => {
      expect(() => new NodeIdentity(given as never)).toThrow(TypeError);
    },
  );

  it.each([{ name: "" }, { name: "a\nb" }, { name: "box", address: "" }, { name: "x".repeat(201) }])(
    "NodeIdentity refuses the value in %j",
    (given) => {
      expect(() => new NodeIdentity(given)).toThrow(RangeError);
    },
  );

  it.each([{}, { toolId: 1 }, { toolId: "x", minVramGb: "16" }, { toolId: "x", minVRamGb: 16 }])(
    "ToolRequirements refuses %j",
    (given) => {
      expect(() => new ToolRequirements(given as never)).toThrow(TypeError);
    },
  );

  it.each([
    { toolId: "" },
    { toolId: "a\nb" },
    { toolId: "x", minVramGb: -1 },
    { toolId: "x", minVramGb: NaN },
  ])("refuse the value in %j", (given) => {
    expect(() => new ToolRequirements(given)).toThrow(RangeError);
  });
});

function catching(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
}

import { AsyncLocalStorage } from "node:async_hooks";
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type Context, context, ROOT_CONTEXT, trace } from "@opentelemetry/api";
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";
import { usd } from "dispatch-kit";
import { memoryStore } from "dispatch-kit/memory";
import { observed, otel } from "dispatch-kit/telemetry";
import { describe, expect, it } from "vitest";
import { sdk } from "./sdk.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const scopes = [{ scope: "run:1", cap: usd("1") }];
const request = { holdId: "call-1", amount: usd("0.60"), scopes, ttlSeconds: 60 };

describe("otel: operations of a store", () => {
  it("are spans with ids, scopes and money, and metrics without ids", async () => {
    const { telemetry, spans, points } = sdk();
    const store = observed(memoryStore(), telemetry);
    await store.hold(request);
    await store.hold({ ...request, holdId: "call-2" });
    await store.settle("call-1", usd("0.70"));
    await store.settle("none", usd("0.70")).catch(() => null);
    const hold = { "dispatch_kit.operation": "hold", "dispatch_kit.outcome": "held" };
    const refused = { ...hold, "dispatch_kit.outcome": "refused" };
    const settled = { "dispatch_kit.operation": "settle", "dispatch_kit.outcome": "settled" };
    const failed = { "dispatch_kit.operation": "settle", "error.type": "hold_unknown" };
    const asked = { "dispatch_kit.scopes": ["run:1"], "dispatch_kit.amount_usd": 0.6 };
    const booked = { "dispatch_kit.booked_usd": 0.7, "dispatch_kit.overrun_usd": 0.1 };
    const paid = { "dispatch_kit.amount_usd": 0.7 };
    expect(spans()).toEqual(
      [
        { name: "hold", status: 0, attributes: { ...hold, ...asked, "dispatch_kit.hold.id": "call-1" } },
        { name: "hold", status: 0, attributes: { ...refused, ...asked, "dispatch_kit.hold.id": "call-2" } },
        {
          name: "settle",
          status: 0,
          attributes: { ...settled, ...paid, ...booked, "dispatch_kit.hold.id": "call-1" },
        },
        { name: "settle", status: 2, attributes: { ...failed, ...paid, "dispatch_kit.hold.id": "none" } },
      ].map((span) => ({ ...span, name: `dispatch_kit.${span.name}`, kind: 0 })),
    );
    const byHold = { "dispatch_kit.operation": "hold" };
    const bySettle = { "dispatch_kit.operation": "settle" };
    expect(await points()).toEqual({
      "operation.duration": [
        [hold, 1],
        [refused, 1],
        [settled, 1],
        [failed, 1],
      ],
      "cost.held": [[byHold, 0.6]],
      "cost.booked": [[bySettle, 0.7]],
      overrun: [[bySettle, 0.1]],
      refusals: [[byHold, 1]],
    });
  });

  it("begin and end when the calls did", async () => {
    const { telemetry, times } = sdk();
    const before = Date.now();
    const store = observed({ wait: () => new Promise((done) => setTimeout(done, 20)) }, telemetry);
    await store.wait();
    const [span = { start: 0, end: 0 }] = times();
    expect(span.start).toBeGreaterThanOrEqual(before);
    expect(span.end - span.start).toBeGreaterThanOrEqual(19);
    expect(span.end).toBeLessThanOrEqual(Date.now() + 1);
  });

  it("a correction adds nothing to what is booked", async () => {
    const { telemetry, points } = sdk();
    const store = observed(memoryStore(), telemetry);
    const approval = { author: "ann", reason: "a bill" };
    await store.hold(request);
    await store.release("call-1");
    await store.settle("call-1", usd("0.70"));
    await store.correct("call-1", usd("0.10"), { id: "d", approval });
    expect(Object.keys(await points())).not.toContain("cost.booked");
  });

  it("are children of the span that is active where the store is called", async () => {
    const contexts = new AsyncLocalStorage<Context>();
    context.setGlobalContextManager({
      active: () => contexts.getStore() ?? ROOT_CONTEXT,
      with: (active, fn, self, ...args) => contexts.run(active, () => fn.apply(self as never, args)),
      bind: (_, target) => target,
      enable: () => context as never,
      disable: () => context as never,
    });
    const exporter = new InMemorySpanExporter();
    const provider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] });
    const tracer = provider.getTracer("test");
    const store = observed(memoryStore(), otel({ tracer }));
    const caller = tracer.startSpan("caller");
    await context.with(trace.setSpan(ROOT_CONTEXT, caller), () => store.usage("run:1"));
    context.disable();
    const [span] = exporter.getFinishedSpans();
    expect(span?.parentSpanContext?.spanId).toBe(caller.spanContext().spanId);
  });
});

describe("otel: options", () => {
  it("may leave out the tracer, the meter or both", async () => {
    const store = memoryStore();
    for (const telemetry of [otel({}), otel({ tracer: undefined, meter: undefined })]) {
      expect(await observed(store, telemetry).getHold("x")).toBeNull();
      telemetry.onEvent({ kind: "store_failed", error: null });
    }
  });

  it.each([
    [{ tracer: {} }, "otel.tracer.startSpan must be a function; got undefined"],
    [{ tracer: null }, "otel.tracer.startSpan must be a function; got undefined"],
    [
      { meter: { createCounter: () => null } },
      "otel.meter.createUpDownCounter must be a function; got undefined",
    ],
    [{ trace: {} }, 'otel has no field "trace"; its fields are tracer, meter'],
    [undefined, "otel must be a plain object; got undefined"],
  ])("are refused: %#", (options, message) => {
    expect(() => otel(options as never)).toThrow(new TypeError(message));
  });
});

describe("OpenTelemetry", () => {
  it("is imported by no file of src", () => {
    const files = readdirSync(`${root}src`, { recursive: true, encoding: "utf8" });
    const sources = files
      .filter((file) => file.endsWith(".ts"))
      .map((file) => readFileSync(`${root}src/${file}`, "utf8"));
    expect(sources.filter((source) => /(from|import|require)\W+@opentelemetry/.test(source))).toEqual([]);
  });

  it("has units on all metrics, which the page lists", () => {
    const page = readFileSync(`${root}docs/telemetry.md`, "utf8");
    const listed = Array.from(
      page.matchAll(/^\| `(dispatch_kit\.[\w.]+)` +\| ([\w -]+?) +\| `([^`]+)` /gm),
      (row) => row.slice(1),
    );
    const made: string[][] = [];
    const make = (kind: string) => (name: string, options: { unit: string }) => {
      made.push([name, kind, options.unit]);
      return { add: () => undefined, record: () => undefined };
    };
    otel({
      meter: {
        createCounter: make("counter"),
        createHistogram: make("histogram"),
        createUpDownCounter: make("up-down counter"),
      },
    });
    expect(listed).toEqual(made);
  });
});

import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { describe, expect, it } from "vitest";
import { measured } from "../../examples/telemetry/opentelemetry.ts";
import { callOnce, PrometheusMeter, serve } from "../../examples/telemetry/prometheus.ts";

describe("examples/telemetry/opentelemetry", () => {
  it("prints the spans and metrics of a request and a job", async () => {
    const lines = await measured();
    const names = lines.map((line) => line.split(" ").slice(0, 2).join(" "));
    expect(names.filter((name) => name.startsWith("span"))).toEqual([
      "span dispatch_kit.submit",
      "span dispatch_kit.claim",
      "span dispatch_kit.hold",
      "span dispatch_kit.settle",
      "span chat",
      "span dispatch_kit.expire",
      "span dispatch_kit.complete",
      "span dispatch_kit.job",
      "span dispatch_kit.claim",
    ]);
    const request =
      '{"gen_ai.operation.name":"chat","gen_ai.provider.name":"openai","gen_ai.request.model":"gpt-4o-mini"}';
    expect(lines).toContain(`metric dispatch_kit.request.cost ${request} 0.0000033 {USD}`);
    expect(lines).toContain('metric dispatch_kit.jobs {"dispatch_kit.kind":"completed"} 1 {event}');
    expect(lines).toContain(
      'metric dispatch_kit.operation.duration {"dispatch_kit.operation":"hold","dispatch_kit.outcome":"held"} in s',
    );
  });
});

describe("examples/telemetry/prometheus", () => {
  it("serves a page of metrics", async () => {
    const meter = new PrometheusMeter();
    await callOnce(meter);
    const server = serve(meter, 0);
    await once(server, "listening");
    // A server on a port has an address of this kind.
    const { port } = server.address() as AddressInfo;
    const answer = await fetch(`http://localhost:${String(port)}/metrics`);
    const page = await answer.text();
    const missing = await fetch(`http://localhost:${String(port)}/other`);
    server.close();
    expect(missing.status).toBe(404);
    expect(answer.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
    const lines = page.split("\n");
    expect(lines).toContain("# TYPE dispatch_kit_cost_booked_usd_total counter");
    expect(lines).toContain('dispatch_kit_cost_booked_usd_total{dispatch_kit_operation="settle"} 0.05');
    expect(lines).toContain('dispatch_kit_cost_held_usd_total{dispatch_kit_operation="hold"} 0.18');
    const held = 'dispatch_kit_operation="hold",dispatch_kit_outcome="held"';
    expect(lines).toContain(`dispatch_kit_operation_duration_seconds_bucket{${held},le="+Inf"} 1`);
    expect(lines).toContain(`dispatch_kit_operation_duration_seconds_count{${held}} 1`);
    // Every line is a comment, or a name, labels and a number.
    const sample = /^[a-z_]+\{(?:[a-z_]+="(?:[^"\\\n]|\\.)*",?)*\} -?[\d.e+-]+$/;
    for (const line of lines.slice(0, -1))
      expect(line).toMatch(line.startsWith("#") ? /^# (HELP|TYPE) / : sample);
  });

  it("adds up what is held, and escapes labels", () => {
    const meter = new PrometheusMeter();
    const held = meter.createUpDownCounter("a.held", { unit: "{USD}", description: "Held" });
    held.add(2, { "a.b": 'x"\n\\' });
    held.add(-0.5, { "a.b": 'x"\n\\' });
    const durations = meter.createHistogram("a.b", {
      unit: "s",
      description: "B",
      advice: { explicitBucketBoundaries: [1, 2] },
    });
    for (const value of [0.5, 1, 1.5, 3]) durations.record(value, {});
    expect(meter.page().split("\n")).toEqual([
      "# HELP a_held_usd Held",
      "# TYPE a_held_usd gauge",
      'a_held_usd{a_b="x\\"\\n\\\\"} 1.5',
      "# HELP a_b_seconds B",
      "# TYPE a_b_seconds histogram",
      'a_b_seconds_bucket{le="1"} 2',
      'a_b_seconds_bucket{le="2"} 3',
      'a_b_seconds_bucket{le="+Inf"} 4',
      "a_b_seconds_sum{} 6",
      "a_b_seconds_count{} 4",
      "",
    ]);
  });
});

/**
 * Spans and metrics of a paid request and a job, by OpenTelemetry's own SDK: `node examples/telemetry/opentelemetry.ts`.
 *
 * A service has exporters of its own in place of those in memory, and gets its tracer and its meter by
 * `trace.getTracer("dispatch-kit")` and `metrics.getMeter("dispatch-kit")` of `@opentelemetry/api`.
 */
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";
import { BackendKind, drain, ExternalEndpoint, runScope, SecretRef, TokenRates, usd } from "dispatch-kit";
import { guardedFetch } from "dispatch-kit/calls";
import { memoryStore } from "dispatch-kit/memory";
import { observed, otel } from "dispatch-kit/telemetry";

/** @returns a line for each span and for each point of a metric. */
export async function measured(): Promise<readonly string[]> {
  const spans = new InMemorySpanExporter();
  const tracers = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter: spans })] });
  const points = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const meters = new MeterProvider({ readers: [new PeriodicExportingMetricReader({ exporter: points })] });
  const telemetry = otel({
    tracer: tracers.getTracer("dispatch-kit"),
    meter: meters.getMeter("dispatch-kit"),
  });

  // The store, the guard and the worker each tell of different things.
  const store = observed(memoryStore(), telemetry);
  const scopes = [{ scope: runScope("42"), cap: usd("1") }];
  const guard = guardedFetch({
    ledger: store,
    prices: { "gpt-4o-mini": new TokenRates({ inputUsdPerMTok: "0.15", outputUsdPerMTok: "0.60" }) },
    endpoint: new ExternalEndpoint({
      name: "openai",
      baseUrl: "https://api.openai.com/v1",
      secret: new SecretRef("OPENAI_API_KEY"),
    }),
    scopes,
    onEvent: telemetry.onEvent,
    // In a service: leave these three out.
    env: { OPENAI_API_KEY: "sk-123" },
    log: () => null,
    fetch: () => Promise.resolve(Response.json(ANSWER)),
  });
  const approved = { approval: { author: "ann", reason: "within the plan" }, scopes };
  const paid = { backend: BackendKind.SDK, maxCost: usd("0.01"), maxAttempts: 1 };
  await store.submit({ jobId: "1", lane: "text", payload: "Hi", approved, ...paid });
  const executor = async (content: unknown): Promise<unknown> => {
    const body = JSON.stringify({
      model: "gpt-4o-mini",
      max_tokens: 100,
      messages: [{ role: "user", content }],
    });
    const answer = await guard("https://api.openai.com/v1/chat/completions", { method: "POST", body });
    return answer.json();
  };
  // The request has a hold of its own, so the job itself costs nothing more.
  await drain(store, executor, { lanes: ["text"], actualCost: () => usd(0), onEvent: telemetry.onEvent });
  await guard.settled();

  await meters.forceFlush();
  const lines = [
    ...spans.getFinishedSpans().map(({ name, attributes }) => `span ${name} ${JSON.stringify(attributes)}`),
    ...points.getMetrics().flatMap(({ scopeMetrics }) =>
      scopeMetrics.flatMap(({ metrics }) =>
        metrics.flatMap(({ descriptor, dataPoints }) =>
          dataPoints.map(({ attributes, value }) => {
            const shown =
              typeof value === "number" ? `${String(value)} ${descriptor.unit}` : `in ${descriptor.unit}`;
            return `metric ${descriptor.name} ${JSON.stringify(attributes)} ${shown}`;
          }),
        ),
      ),
    ),
  ];
  await meters.shutdown();
  return lines;
}

const ANSWER = {
  model: "gpt-4o-mini",
  choices: [{ finish_reason: "stop", message: { role: "assistant", content: "Hello" } }],
  usage: { prompt_tokens: 14, completion_tokens: 2, total_tokens: 16 },
};

if (import.meta.main) for (const line of await measured()) console.log(line);

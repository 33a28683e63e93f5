/**
 * A page of metrics for Prometheus, without a package: `otel` takes any meter of OpenTelemetry's shape, and this one writes
 * Prometheus' text format. `node examples/telemetry/prometheus.ts` serves it on http://localhost:9464/metrics.
 *
 * The format: https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format. The names follow
 * https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/.
 */
import { createServer, type Server } from "node:http";
import { runScope, usd } from "dispatch-kit";
import { withHold } from "dispatch-kit/calls";
import { memoryStore } from "dispatch-kit/memory";
import { observed, otel, type TelemetryAttributes, type TelemetryMeter } from "dispatch-kit/telemetry";

type Options = Parameters<TelemetryMeter["createHistogram"]>[1];

/** A meter whose metrics can be read as a page. */
export class PrometheusMeter implements TelemetryMeter {
  readonly #metrics: (() => readonly string[])[] = [];

  createCounter(name: string, options: Options): ReturnType<TelemetryMeter["createCounter"]> {
    return { add: this.#sum(`${nameOf(name, options.unit)}_total`, "counter", options) };
  }

  createUpDownCounter(name: string, options: Options): ReturnType<TelemetryMeter["createUpDownCounter"]> {
    return { add: this.#sum(nameOf(name, options.unit), "gauge", options) };
  }

  createHistogram(name: string, options: Options): ReturnType<TelemetryMeter["createHistogram"]> {
    const full = nameOf(name, options.unit);
    const bounds = [...(options.advice?.explicitBucketBoundaries ?? []), Infinity];
    const series = new Map<string, { counts: number[]; sum: number }>();
    this.#metrics.push(() => [
      ...headOf(full, "histogram", options),
      ...[...series].flatMap(([labels, { counts, sum }]) => [
        ...bounds.map((bound, index) => {
          const le = `le="${bound === Infinity ? "+Inf" : String(bound)}"`;
          return `${full}_bucket{${[labels, le].filter(Boolean).join()}} ${String(counts[index])}`;
        }),
        `${full}_sum{${labels}} ${String(sum)}`,
        `${full}_count{${labels}} ${String(counts.at(-1))}`,
      ]),
    ]);
    return {
      record: (value, attributes) => {
        const labels = labelsOf(attributes);
        const { counts, sum } = series.get(labels) ?? { counts: bounds.map(() => 0), sum: 0 };
        const counted = counts.map((count, index) => count + Number(value <= (bounds[index] ?? Infinity)));
        series.set(labels, { counts: counted, sum: sum + value });
      },
    };
  }

  #sum(full: string, type: string, options: Options) {
    const series = new Map<string, number>();
    this.#metrics.push(() => [
      ...headOf(full, type, options),
      ...[...series].map(([labels, value]) => `${full}{${labels}} ${String(value)}`),
    ]);
    return (value: number, attributes: TelemetryAttributes): void => {
      const labels = labelsOf(attributes);
      series.set(labels, (series.get(labels) ?? 0) + value);
    };
  }

  page(): string {
    return `${this.#metrics.flatMap((lines) => lines()).join("\n")}\n`;
  }
}

/** Serves the metrics of a meter at `/metrics`. */
export function serve(meter: PrometheusMeter, port: number): Server {
  return createServer(({ url }, response) => {
    const found = url === "/metrics";
    response.writeHead(found ? 200 : 404, { "content-type": "text/plain; version=0.0.4; charset=utf-8" });
    response.end(found ? meter.page() : "");
  }).listen(port);
}

/** Counts one paid call. */
export async function callOnce(meter: PrometheusMeter): Promise<void> {
  const store = observed(memoryStore(), otel({ meter }));
  const scopes = [{ scope: runScope("42"), cap: usd("1") }];
  const request = { holdId: "call-1", amount: usd("0.18"), scopes, ttlSeconds: 600 };
  await withHold(store, request, () => ({ value: "hello", actual: usd("0.05") }));
}

/** Units in words: a unit in braces is what is counted, and needs none, but money does. */
function nameOf(name: string, unit: string): string {
  const words: Readonly<Record<string, string>> = { s: "_seconds", "{USD}": "_usd" };
  return name.replaceAll(".", "_") + (words[unit] ?? "");
}

function headOf(full: string, type: string, { description }: Options): readonly string[] {
  return [`# HELP ${full} ${description}`, `# TYPE ${full} ${type}`];
}

function labelsOf(attributes: TelemetryAttributes): string {
  return Object.entries(attributes)
    .map(([key, value]) => `${key.replaceAll(".", "_")}="${escaped(String(value))}"`)
    .join();
}

function escaped(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}

if (import.meta.main) {
  const meter = new PrometheusMeter();
  await callOnce(meter);
  serve(meter, 9464);
  console.log("http://localhost:9464/metrics");
}

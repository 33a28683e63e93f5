import { AggregationTemporality, InMemoryMetricExporter, MeterProvider } from "@opentelemetry/sdk-metrics";
import { PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics";
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";
import { otel, type Telemetry } from "dispatch-kit/telemetry";

/** A point of a metric: its attributes, and its sum, or the number of its durations. */
export type Point = readonly [attributes: object, value: number];

export interface Sdk {
  readonly telemetry: Telemetry;
  /** The spans that have ended: name, attributes, kind and status. */
  readonly spans: () => readonly { name: string; kind: number; status: number; attributes: object }[];
  /** The milliseconds of the spans that have ended. */
  readonly times: () => readonly { start: number; end: number }[];
  /** The points of each metric, without the prefix of its name. */
  readonly points: () => Promise<Readonly<Record<string, readonly Point[]>>>;
  readonly units: () => Promise<Readonly<Record<string, string>>>;
}

/** OpenTelemetry's own SDK, which keeps everything in memory. */
export function sdk(): Sdk {
  const exporter = new InMemorySpanExporter();
  const tracers = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] });
  const metrics = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter: metrics, exportIntervalMillis: 1e6 });
  const meters = new MeterProvider({ readers: [reader] });
  const telemetry = otel({ tracer: tracers.getTracer("test"), meter: meters.getMeter("test") });
  const collected = async () => {
    metrics.reset();
    await reader.forceFlush();
    return metrics.getMetrics().flatMap(({ scopeMetrics }) => scopeMetrics.flatMap((scope) => scope.metrics));
  };
  const milliseconds = ([seconds, nanos]: readonly [number, number]) => seconds * 1000 + nanos / 1e6;
  return {
    telemetry,
    spans: () =>
      exporter.getFinishedSpans().map(({ name, kind, status, attributes }) => ({
        name,
        kind,
        status: status.code,
        attributes,
      })),
    times: () =>
      exporter.getFinishedSpans().map(({ startTime, endTime }) => ({
        start: milliseconds(startTime),
        end: milliseconds(endTime),
      })),
    points: async () =>
      Object.fromEntries(
        (await collected()).map(({ descriptor, dataPoints }) => [
          descriptor.name.replace("dispatch_kit.", ""),
          dataPoints.map(({ attributes, value }): Point => {
            return [attributes, typeof value === "number" ? value : "count" in value ? value.count : NaN];
          }),
        ]),
      ),
    units: async () =>
      Object.fromEntries((await collected()).map(({ descriptor }) => [descriptor.name, descriptor.unit])),
  };
}

import type { TelemetryAttributes, TelemetryMeter } from "./api.ts";

/** Adds to a metric, or records a duration. */
export type Measure = (metric: MetricName, value: number, attributes: TelemetryAttributes) => void;

/** Makes the metrics. Without a meter nothing is measured. */
export function measures(meter: TelemetryMeter | undefined): Measure {
  if (meter === undefined) return () => undefined;
  const made = new Map(
    Object.entries(METRICS).map(([name, metric]) => [name, instrument(meter, name, metric)]),
  );
  return (metric, value, attributes) => made.get(metric)?.(value, attributes);
}

interface Metric {
  readonly kind: "counter" | "up_down" | "seconds";
  readonly unit: string;
  readonly description: string;
  readonly boundaries?: readonly number[];
}

type MetricName =
  | "operation.duration"
  | "cost.held"
  | "cost.booked"
  | "overrun"
  | "refusals"
  | "jobs"
  | "job.duration"
  | "requests"
  | "request.duration"
  | "request.held"
  | "request.cost"
  | "bound_exceeded";

// Of databases: https://github.com/open-telemetry/semantic-conventions/blob/v1.44.0/docs/db/database-metrics.md
const STORE_SECONDS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10];
// Of model calls: the page that gen-ai.ts names.
const CALL_SECONDS = [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92];
const JOB_SECONDS = [0.01, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 900, 3600, 14_400];

const USD = "{USD}";

const METRICS: Readonly<Record<MetricName, Metric>> = {
  "operation.duration": {
    kind: "seconds",
    unit: "s",
    description: "How long each call of the store took",
    boundaries: STORE_SECONDS,
  },
  "cost.held": { kind: "counter", unit: USD, description: "What hold and extend have set aside" },
  "cost.booked": {
    kind: "counter",
    unit: USD,
    description: "What the store has booked, without corrections",
  },
  overrun: { kind: "counter", unit: USD, description: "The part of it that was not set aside" },
  refusals: { kind: "counter", unit: "{refusal}", description: "Holds, jobs and approvals without room" },
  jobs: { kind: "counter", unit: "{event}", description: "What happened to jobs, by kind of event" },
  "job.duration": {
    kind: "seconds",
    unit: "s",
    description: "How long each attempt of a job took",
    boundaries: JOB_SECONDS,
  },
  requests: { kind: "counter", unit: "{event}", description: "What happened to requests, by kind of event" },
  "request.duration": {
    kind: "seconds",
    unit: "s",
    description: "From the hold of a request to its booking",
    boundaries: CALL_SECONDS,
  },
  "request.held": {
    kind: "up_down",
    unit: USD,
    description: "What the requests under way have set aside",
  },
  "request.cost": { kind: "counter", unit: USD, description: "What requests have cost, by model" },
  bound_exceeded: {
    kind: "counter",
    unit: "{request}",
    description: "Requests that cost more than their bound",
  },
};

function instrument(
  meter: TelemetryMeter,
  name: string,
  { kind, unit, description, boundaries = [] }: Metric,
): (value: number, attributes: TelemetryAttributes) => void {
  const full = `dispatch_kit.${name}`;
  if (kind === "seconds") {
    const advice = { explicitBucketBoundaries: [...boundaries] };
    const histogram = meter.createHistogram(full, { unit, description, advice });
    return (value, attributes) => {
      histogram.record(value, attributes);
    };
  }
  const options = { unit, description };
  const sum =
    kind === "up_down" ? meter.createUpDownCounter(full, options) : meter.createCounter(full, options);
  return (value, attributes) => {
    sum.add(value, attributes);
  };
}

/** Attributes of a span or a metric. */
export type TelemetryAttributes = Record<string, string | number | boolean | string[]>;

/** The part of OpenTelemetry's `Span` that is used. */
export interface TelemetrySpan {
  setAttributes(attributes: TelemetryAttributes): unknown;
  /** `code` 2 is an error. */
  setStatus(status: { code: number }): unknown;
  /** `endTime` is seconds since 1970 and nanoseconds. */
  end(endTime?: [number, number]): void;
}

/** The part of OpenTelemetry's `Tracer` that is used. */
export interface TelemetryTracer {
  /** `startTime` is seconds since 1970 and nanoseconds. `kind` is 2 for a client and 4 for a consumer. */
  startSpan(
    name: string,
    options: { kind?: number; startTime?: [number, number]; attributes: TelemetryAttributes },
  ): TelemetrySpan;
}

/** How an instrument is described. */
interface Description {
  unit: string;
  description: string;
  advice?: { explicitBucketBoundaries: number[] };
}

/** The part of OpenTelemetry's `Meter` that is used. */
export interface TelemetryMeter {
  createCounter(name: string, options: Description): Adder;
  createUpDownCounter(name: string, options: Description): Adder;
  createHistogram(name: string, options: Description): Recorder;
}

interface Adder {
  add(value: number, attributes: TelemetryAttributes): void;
}

interface Recorder {
  record(value: number, attributes: TelemetryAttributes): void;
}

import type { GuardEvent } from "../calls/guarded-fetch/events.ts";
import type { DispatchEvent } from "../dispatch/events.ts";
import { isObject, read, type Reader, wrongType } from "../internal/check.ts";
import type { TelemetryMeter, TelemetryTracer } from "./api.ts";
import { jobTelemetry } from "./jobs.ts";
import { measures } from "./metrics.ts";
import type { StoreHooks } from "./observed.ts";
import { operationTelemetry } from "./operations.ts";
import { requestTelemetry } from "./requests.ts";

/** Options of {@link otel}: OpenTelemetry's objects, or others of their shape. */
export interface OtelOptions {
  /** Makes the spans, such as `trace.getTracer("dispatch-kit")`. Without it there are none. */
  readonly tracer?: TelemetryTracer | undefined;
  /** Makes the metrics, such as `metrics.getMeter("dispatch-kit")`. Without it there are none. */
  readonly meter?: TelemetryMeter | undefined;
}

/** Hooks that make spans and metrics. */
export interface Telemetry extends StoreHooks {
  /** For `drain`, `work` and `guardedFetch`. */
  readonly onEvent: (event: DispatchEvent | GuardEvent) => void;
}

/**
 * Makes spans and metrics of what stores, workers and guards do. `docs/telemetry.md` lists them, with their units.
 *
 * Pass it to {@link observed}, and its `onEvent` to `drain`, `work` and `guardedFetch`. Both tell of different things, so
 * nothing is counted twice. Spans have ids, scopes and amounts; metrics have only what takes few values. Neither has
 * payloads, results, messages or URLs.
 *
 * @throws TypeError for an unknown option, or an object that lacks one of the methods.
 * @example
 * ```ts
 * const seen: string[] = [];
 * const tracer = {
 *   startSpan: (name: string) => {
 *     seen.push(name);
 *     return { setAttributes: () => null, setStatus: () => null, end: () => undefined };
 *   },
 * };
 * const telemetry = otel({ tracer }); // in a service: trace.getTracer("dispatch-kit"), metrics.getMeter("dispatch-kit")
 * const store = observed(memoryStore(), telemetry);
 * await drain(store, (payload) => payload, { lanes: ["text"], onEvent: telemetry.onEvent });
 * seen; // => ["dispatch_kit.claim"]
 * ```
 */
export function otel(options: OtelOptions): Telemetry {
  const { tracer, meter } = read<OtelOptions>("otel", options, {
    tracer: withMethods<TelemetryTracer>("startSpan"),
    meter: withMethods<TelemetryMeter>("createCounter", "createUpDownCounter", "createHistogram"),
  });
  const measure = measures(meter);
  const onJob = jobTelemetry(tracer, measure);
  const onRequest = requestTelemetry(tracer, measure);
  return Object.freeze({
    onOperation: operationTelemetry(tracer, measure),
    onEvent: (event: DispatchEvent | GuardEvent) => {
      // Only what a guard tells of has a provider.
      if ("provider" in event) onRequest(event);
      else onJob(event);
    },
  });
}

/** Reads an object that has some methods, or nothing. */
function withMethods<Shape extends object>(
  ...methods: readonly (string & keyof Shape)[]
): Reader<Shape | undefined> {
  return (what, value) => {
    if (value === undefined) return undefined;
    for (const method of methods) {
      const found: unknown = isObject(value) ? Reflect.get(value, method) : undefined;
      if (typeof found !== "function") throw wrongType(`${what}.${method}`, "a function", found);
    }
    // Its methods are there. What they answer is OpenTelemetry's.
    return value as Shape;
  };
}

/**
 * Telemetry: what a store, a worker and a guard do, as calls of your own function or as OpenTelemetry's spans and metrics.
 *
 * @module
 */
export { errorType } from "./error-type.ts";
export type { TelemetryAttributes, TelemetryMeter, TelemetrySpan, TelemetryTracer } from "./api.ts";
export { observed, type StoreHooks } from "./observed.ts";
export type { Operation } from "./operation.ts";
export { otel, type OtelOptions, type Telemetry } from "./otel.ts";

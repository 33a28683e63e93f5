import type { TelemetryAttributes, TelemetryTracer } from "./api.ts";
import type { Measure } from "./metrics.ts";
import { dollars } from "./money.ts";
import type { Operation } from "./operation.ts";
import { ERROR } from "./status.ts";

/** Makes a span of each operation of a store, and measures it. */
export function operationTelemetry(
  tracer: TelemetryTracer | undefined,
  measure: Measure,
): (operation: Operation) => void {
  return (operation) => {
    const { name, startedAt, seconds, outcome, error } = operation;
    const low = {
      "dispatch_kit.operation": name,
      ...(outcome !== null && { "dispatch_kit.outcome": outcome }),
      ...(error !== null && { "error.type": error }),
    };
    // Here the caller's span is active, as it was when the operation began.
    const attributes = { ...low, ...details(operation) };
    const span = tracer?.startSpan(`dispatch_kit.${name}`, { startTime: hrTime(startedAt), attributes });
    if (error !== null) span?.setStatus(ERROR);
    span?.end(hrTime(startedAt + seconds));
    measure("operation.duration", seconds, low);
    measureMoney(operation, measure);
  };
}

function measureMoney({ name, outcome, ...operation }: Operation, measure: Measure): void {
  const { refused, amount, booked, overrun, corrects } = operation;
  const by = { "dispatch_kit.operation": name };
  if (refused > 0) measure("refusals", refused, by);
  if ((name === "hold" || name === "extend") && outcome === "held" && amount !== null) {
    measure("cost.held", dollars(amount), by);
  }
  // What a correction replaces is not known here, so it cannot be taken off.
  if (corrects) return;
  if (booked !== null) measure("cost.booked", dollars(booked), by);
  if (overrun !== null && overrun > 0n) measure("overrun", dollars(overrun), by);
}

/** What only spans have: ids and names of scopes are too many for metrics. */
function details(operation: Operation): TelemetryAttributes {
  const { holdId, jobId, lane, scopes, amount, booked, overrun } = operation;
  return {
    ...(holdId !== null && { "dispatch_kit.hold.id": holdId }),
    ...(jobId !== null && { "dispatch_kit.job.id": jobId }),
    ...(lane !== null && { "dispatch_kit.lane": lane }),
    ...(scopes.length > 0 && { "dispatch_kit.scopes": [...scopes] }),
    ...(amount !== null && { "dispatch_kit.amount_usd": dollars(amount) }),
    ...(booked !== null && { "dispatch_kit.booked_usd": dollars(booked) }),
    ...(overrun !== null && { "dispatch_kit.overrun_usd": dollars(overrun) }),
  };
}

/** Epoch seconds as OpenTelemetry's pair of seconds and nanoseconds. */
function hrTime(seconds: number): [number, number] {
  const whole = Math.floor(seconds);
  return [whole, Math.floor((seconds - whole) * 1e9)];
}

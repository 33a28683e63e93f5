import type { AttemptEvent, DispatchEvent } from "../dispatch/events.ts";
import type { Lease } from "../dispatch/lease.ts";
import { monotonicSeconds } from "../internal/timers.ts";
import type { TelemetrySpan, TelemetryTracer } from "./api.ts";
import { errorType } from "./error-type.ts";
import type { Measure } from "./metrics.ts";
import { dollars } from "./money.ts";
import { CONSUMER, ERROR } from "./status.ts";

interface Attempt {
  readonly span: TelemetrySpan | undefined;
  readonly start: number;
}

/** Makes a span of each attempt of a job, and counts the events. */
export function jobTelemetry(
  tracer: TelemetryTracer | undefined,
  measure: Measure,
): (event: DispatchEvent) => void {
  // An attempt whose end nobody reports has no end event either. It is forgotten with its lease.
  const attempts = new WeakMap<Lease, Attempt>();
  return (event) => {
    if (event.kind === "stopped") return;
    const about = {
      "dispatch_kit.kind": event.kind,
      ...("error" in event && { "error.type": errorType(event.error) }),
    };
    measure("jobs", 1, about);
    if (event.kind === "claimed") {
      const { jobId, attempts: number } = event.lease;
      const attributes = { "dispatch_kit.job.id": jobId, "dispatch_kit.job.attempt": number };
      const span = tracer?.startSpan("dispatch_kit.job", { kind: CONSUMER, attributes });
      attempts.set(event.lease, { span, start: monotonicSeconds() });
    } else if (isEnd(event)) {
      const attempt = attempts.get(event.lease);
      if (attempt === undefined) return;
      attempts.delete(event.lease);
      measure("job.duration", monotonicSeconds() - attempt.start, about);
      attempt.span?.setAttributes({ ...about, ...costOf(event) });
      if ("error" in event) attempt.span?.setStatus(ERROR);
      attempt.span?.end();
    }
  };
}

function costOf(event: AttemptEvent): Record<string, number> {
  if (event.kind === "stale") return {};
  return {
    "dispatch_kit.booked_usd": dollars(event.booked),
    "dispatch_kit.overrun_usd": dollars(event.overrun),
  };
}

const ENDS: readonly string[] = ["completed", "requeued", "failed", "waiting", "given_back", "stale"];

function isEnd(event: DispatchEvent): event is AttemptEvent {
  return ENDS.includes(event.kind);
}

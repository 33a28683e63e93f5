import type { GuardEvent } from "../calls/guarded-fetch/events.ts";
import { monotonicSeconds } from "../internal/timers.ts";
import type { TelemetryAttributes, TelemetrySpan, TelemetryTracer } from "./api.ts";
import { errorType } from "./error-type.ts";
import { genAiRequest, genAiUsage } from "./gen-ai.ts";
import type { Measure } from "./metrics.ts";
import { dollars } from "./money.ts";
import { CLIENT, ERROR } from "./status.ts";

type Event<Kind> = Extract<GuardEvent, { readonly kind: Kind }>;

/** A request that is held and not yet booked. */
interface OpenRequest {
  readonly span: TelemetrySpan | undefined;
  readonly start: number;
  readonly asked: TelemetryAttributes;
  readonly held: number;
}

/** Makes a span of each request of a guard, and measures it. */
export function requestTelemetry(
  tracer: TelemetryTracer | undefined,
  measure: Measure,
): (event: GuardEvent) => void {
  // Each is ended by its guard, even if its answer is never read.
  const open = new Map<string, OpenRequest>();

  const begin = (event: Event<"held">): void => {
    const asked = genAiRequest(event);
    const held = dollars(event.amount);
    const attributes = {
      ...asked,
      ...(event.bound.streams && { "gen_ai.request.stream": true }),
      "dispatch_kit.amount_usd": held,
      ...holdOf(event),
    };
    const span = tracer?.startSpan(nameOf(asked), { kind: CLIENT, attributes });
    open.set(String(event.holdId), { span, start: monotonicSeconds(), asked, held });
    measure("request.held", held, asked);
  };

  const end = (event: Event<"released" | "settled" | "unknown" | "unbooked">): void => {
    const request = open.get(String(event.holdId));
    if (request === undefined) return;
    open.delete(String(event.holdId));
    const { span, asked } = request;
    const how = howOf(event);
    measure("request.held", -request.held, asked);
    measure("request.duration", monotonicSeconds() - request.start, { ...asked, ...how });
    span?.setAttributes({ ...how, ...(event.kind === "settled" && costOf(event)) });
    if (event.kind === "unbooked") span?.setStatus(ERROR);
    span?.end();
  };

  return (event) => {
    const asked = open.get(String(event.holdId))?.asked ?? knownOf(event);
    measure("requests", 1, { ...asked, ...howOf(event) });
    switch (event.kind) {
      case "held":
        begin(event);
        break;
      case "settled":
        measure("request.cost", dollars(event.booked), asked);
        end(event);
        break;
      case "released":
      case "unknown":
      case "unbooked":
        end(event);
        break;
      case "bound_exceeded":
        measure("bound_exceeded", 1, asked);
        break;
      case "refused":
        tellRefused(event, tracer);
    }
  };
}

/** A refused request is a span without a length. */
function tellRefused(event: Event<"refused">, tracer: TelemetryTracer | undefined): void {
  const scopes = event.lacking.map(({ scope }) => scope);
  const attributes = {
    ...genAiRequest(event),
    ...howOf(event),
    ...holdOf(event),
    ...(scopes.length > 0 && { "dispatch_kit.scopes": scopes }),
  };
  const span = tracer?.startSpan(nameOf(knownOf(event)), { kind: CLIENT, attributes });
  span?.setStatus(ERROR);
  span?.end();
}

/** What may be an attribute of a metric: a refused request can name any model, and metrics must not grow with each. */
function knownOf(event: GuardEvent): TelemetryAttributes {
  return genAiRequest(event.kind === "refused" ? { ...event, model: null } : event);
}

function howOf(event: GuardEvent): TelemetryAttributes {
  return {
    "dispatch_kit.kind": event.kind,
    ...(event.kind === "refused" && { "error.type": event.code }),
    ...((event.kind === "unbooked" || event.kind === "expire_failed") && {
      "error.type": errorType(event.error),
    }),
  };
}

function costOf(event: Event<"settled">): TelemetryAttributes {
  return { ...genAiUsage(event), "dispatch_kit.booked_usd": dollars(event.booked) };
}

function holdOf({ holdId }: GuardEvent): TelemetryAttributes {
  return holdId === null ? {} : { "dispatch_kit.hold.id": holdId };
}

/** The conventions' name of a span: the operation and the model. */
function nameOf(asked: TelemetryAttributes): string {
  const { "gen_ai.operation.name": operation, "gen_ai.request.model": model } = asked;
  return [operation ?? "dispatch_kit.request", model].filter((part) => part !== undefined).join(" ");
}

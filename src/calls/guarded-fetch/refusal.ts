import type { Lacking } from "../../budget/contract.ts";
import { isDispatchError } from "../../errors.ts";
import { formatUsd } from "../../money/micro-cents.ts";
import { printable, quote } from "../../internal/text.ts";
import type { Bounded, BoundOutcome } from "../bounds/outcome.ts";
import type { ProviderName } from "../protocols/names.ts";

/** Why a request was not sent. */
export interface Refusal {
  /**
   * `over_budget`, `no_scopes`, `route`, or why `boundOf` has refused: `unbounded`, `unpriced`, `unreadable` or
   * `money`. Or the code of the error that the ledger or the sending has thrown, such as `cap_conflict`, `store_failed` or
   * `secret_missing`; `invalid` if what a function of the guard's options has returned is invalid, and `failed` for any
   * other error, which only the event has.
   */
  readonly code: string;
  readonly reason: string;
  /** The scopes without room, if the code is `over_budget`. */
  readonly lacking: readonly Lacking[];
  /** What was thrown, if something was. The client does not see it. */
  readonly error?: unknown;
}

/** A value that the guard's own checks refuse. Its message shows nothing secret. */
export class InvalidError extends Error {}

/** Runs a check of this library, so that its message may be shown. */
export function checked<Value>(check: () => Value): Value {
  try {
    return check();
  } catch (error) {
    if (!(error instanceof TypeError || error instanceof RangeError)) throw error;
    throw new InvalidError(error.message, { cause: error });
  }
}

/**
 * Why a request was not sent. Only messages of this library are shown: those of a caller's function or of a database's
 * driver may contain anything.
 */
export function refusalOf(error: unknown): Refusal {
  if (isDispatchError(error)) return { code: error.code, reason: error.message, lacking: [], error };
  if (error instanceof InvalidError) return { code: "invalid", reason: error.message, lacking: [], error };
  return { code: "failed", reason: "what the guard needs for it has failed", lacking: [], error };
}

/** Why a request is not bounded. */
export function notBounded(bound: Exclude<BoundOutcome, Bounded>): Refusal {
  const { why, reason } = { why: "route", reason: "its route is free, and its body is not", ...bound };
  return { code: why, reason, lacking: [] };
}

/** A sentence about scopes without room: which, how much is missing, and when there may be room again. */
export function overBudget(amount: bigint, lacking: readonly Lacking[]): Refusal {
  const scopes = lacking.map(({ scope, by, until }) => {
    const later = until === undefined ? "" : ` until ${new Date(until * 1000).toISOString()}`;
    return `${quote(scope)} lacks $${formatUsd(by)}${later}`;
  });
  const reason = `the call may cost $${formatUsd(amount)}, and ${scopes.join(", ")}`;
  return { code: "over_budget", reason, lacking };
}

/**
 * A `402 Payment Required` that the strictest client of a provider reads as an error of its API: once, without another
 * try. OpenAI's, Anthropic's and Groq's clients obey `x-should-retry`; clients that cannot read the body show the
 * status text.
 */
export function refusalResponse(provider: ProviderName | null, refusal: Refusal): Response {
  const message = `dispatch-kit refused: ${refusal.reason} (${refusal.code}); nothing was sent`;
  const lacking = refusal.lacking.map(({ scope, by, until }) => ({
    scope,
    by: formatUsd(by),
    ...(until !== undefined && { until: new Date(until * 1000).toISOString() }),
  }));
  const body = bodyOf(provider, message, refusal.code, lacking);
  return new Response(JSON.stringify(body), {
    status: 402,
    statusText: reasonPhrase(message),
    headers: {
      "content-type": "application/json",
      "x-should-retry": "false",
      "x-dispatch-kit-refused": reasonPhrase(refusal.code),
      ...(provider === "bedrock" && { "x-amzn-errortype": "ValidationException" }),
    },
  });
}

function bodyOf(
  provider: ProviderName | null,
  message: string,
  code: string,
  lacking: readonly object[],
): object {
  switch (provider) {
    case "anthropic":
      return { type: "error", error: { type: "billing_error", message, code, lacking } };
    case "gemini":
    case "vertex":
      return {
        error: { code: 402, message, status: "FAILED_PRECONDITION", details: [errorInfo(code)], lacking },
      };
    case "cohere":
    case "bedrock":
      return { message, code, lacking };
    case "voyage":
      return { detail: message, code, lacking };
    case "ollama":
      return { error: message, code, lacking };
    case "perplexity":
      // Its code must be a number.
      return { error: { message, type: code, code: 402, lacking } };
    case "mistral":
      // `param` must be there.
      return { object: "error", message, type: code, param: null, code, lacking };
    default:
      return { error: { message, type: code, param: null, code, lacking } };
  }
}

/** Where Google's errors have a code that is no number: cloud.google.com/apis/design/errors, `google.rpc.ErrorInfo`. */
function errorInfo(code: string): object {
  return { "@type": "type.googleapis.com/google.rpc.ErrorInfo", reason: code, domain: "dispatch-kit" };
}

/** Text as a status line may have it: printable ASCII, in one line. */
function reasonPhrase(text: string): string {
  return printable(text)
    .replace(/[^ -~]/g, "?")
    .slice(0, 500);
}

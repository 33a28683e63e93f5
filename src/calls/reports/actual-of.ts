import { read } from "../../internal/check.ts";
import { formatUsd, type MicroCents } from "../../money/micro-cents.ts";
import { outcome } from "../../money/outcome.ts";
import { epochSeconds, type Instant } from "../../time.ts";
import type { TokenUsage } from "../../tokens/fields.ts";
import { KIND_LIST } from "../../tokens/kinds.ts";
import { type TokenRates, tokenRates } from "../../tokens/rates.ts";
import { isObject } from "../own-fields.ts";
import type { Prices } from "../prices/rates-for.ts";
import type { ProtocolName } from "../protocols/names.ts";
import { type Account, UncountableError } from "./account.ts";
import { type Reading, readingsOf } from "./accounts.ts";
import { ACTUAL, type CheckedOptions } from "./options.ts";
import { listLookUp } from "./list-look-up.ts";
import { type Priced, priceOf, type Pricing } from "./pricing.ts";
import { sumOfParts } from "./sum.ts";

/** What a report does not say itself. */
export interface ReportOptions {
  /** The protocol of the report. Left out, every protocol that accounts for it is tried, and they must agree. */
  readonly protocol?: ProtocolName | undefined;
  /** Names of numbers in the report that have no price, such as `"queue_time"`. */
  readonly informs?: readonly string[] | undefined;
  /** An earlier report, if both have running totals (agents, Codex). Only the difference counts. */
  readonly previous?: unknown;
  /** How long the request asked to keep its cache, where the report does not say it; by default the provider's default. */
  readonly cacheTtl?: "5m" | "1h" | undefined;
}

/** Options of {@link actualOf}. */
export interface ActualOptions extends ReportOptions {
  /** The model that was asked for; by default the model that the rates are for. */
  readonly model?: string | undefined;
  /** The service tier that the rates are for, or that was asked for; by default what the rates say. */
  readonly serviceTier?: string | undefined;
  /** The region that the rates are for. */
  readonly region?: string | undefined;
  /** The models behind other names, such as Azure's deployments: `{ "my-gpt": "gpt-4o-mini" }`. */
  readonly aliases?: Readonly<Record<string, string>> | undefined;
  /** The prefixes under which a list has the endpoint's models, such as `"mistral/"`. */
  readonly prefixes?: readonly string[] | undefined;
  /** The time of the call, for prices that depend on it; now by default. */
  readonly at?: Instant | undefined;
  /** The end of the call; `at` by default. Between the two, the dearest price counts. */
  readonly until?: Instant | undefined;
}

/**
 * The actual cost of a call in micro-cents, or `null` and the reason why it is unknown: then the whole hold is charged.
 */
export type ActualOutcome =
  | {
      readonly kind: "counted";
      /** What to book, in micro-cents. */
      readonly actual: MicroCents;
      /** The tokens of all requests that the report is about. */
      readonly usage: TokenUsage;
      /** The protocols by which the report was read; they agree. */
      readonly protocols: readonly ProtocolName[];
      /** The cost that the report states, in micro-cents; `null` if it states none. */
      readonly stated: MicroCents | null;
    }
  | { readonly kind: "unknown"; readonly actual: null; readonly reason: string };

/** {@link ActualOptions}, and the most output tokens of a stream that was cut off. */
export type GuardActualOptions = ActualOptions & { readonly cutOffAt?: number | undefined };

/**
 * The actual cost of a call, from the provider's usage report. Settle the hold at this amount.
 *
 * It never throws, because the call was made and its value must not be lost. It never guesses: if a number in the
 * report is not accounted for, the response is not finished, another model or tier answered than the rates are for, or
 * something has no price, then the cost is unknown, with the reason. Then charge the whole hold.
 *
 * It reads own data properties only, and touches no getter and no promise: await the usage of a streamed result first.
 *
 * @param prices - the rates of the model, or a price list ({@link Prices}), in which the model that answered is looked up.
 * @param report - the whole response, or its usage object. Pass the whole one if you can: only it says which model and
 *   tier answered, whether the response is finished, and which tools ran. A bare usage object counts as finished.
 * @example
 * ```ts
 * const rates = new TokenRates({ inputUsdPerMTok: "0.15", outputUsdPerMTok: "0.60" });
 * const usage = { prompt_tokens: 1000, completion_tokens: 500, total_tokens: 1500 };
 * actualOf(rates, { model: "gpt-4o-mini", usage }, { protocol: "openai-chat" }).actual; // => 45000n
 * actualOf(rates, { usage: { ...usage, tool_seconds: 3 } }).actual; // => null
 * ```
 */
export function actualOf(
  prices: TokenRates | Prices,
  report: unknown,
  options: ActualOptions = {},
): ActualOutcome {
  return actualFrom(
    options,
    ({ prefixes, region, at, until }) => {
      if (isRates(prices)) return { rates: tokenRates("actualOf: rates", prices) };
      const now = at ?? epochSeconds(Date.now() / 1000);
      return { lookUp: listLookUp(prices, { prefixes, region, at: now, until: until ?? now }) };
    },
    report,
  );
}

/** {@link actualOf} with rates from anywhere. */
export function actualFrom(
  options: GuardActualOptions,
  sourceOf: (checked: CheckedOptions) => Pricing["source"],
  report: unknown,
): ActualOutcome {
  try {
    const checked = read<CheckedOptions>("actualOf: options", options, ACTUAL);
    const { cutOffAt, model, serviceTier, region, aliases } = checked;
    const pricing: Pricing = { source: sourceOf(checked), model, serviceTier, region, aliases };
    const readings = readingsOf(report, checked.protocol, checked);
    return counted(readings, (account) => priceOf(account, pricing, cutOffAt !== null));
  } catch (error) {
    return outcome({ kind: "unknown", actual: null, reason: reasonOf(error) });
  }
}

/** One answer of all readings, if they agree. */
function counted(
  readings: readonly [Reading, ...Reading[]],
  price: (account: Account) => Priced,
): ActualOutcome {
  const [{ protocol: name, account }, ...others] = readings;
  const { actual, stated } = price(account);
  const more = others.map((reading) => ({ name: reading.protocol, ...price(reading.account) }));
  if (more.some((other) => other.actual !== actual)) {
    const amounts = [{ name, actual }, ...more].map((of) => `${of.name} $${formatUsd(of.actual)}`);
    throw new UncountableError(
      `several protocols account for the report, and differ: ${amounts.join(", ")}; name one`,
    );
  }
  const protocols = Object.freeze(readings.map(({ protocol }) => protocol));
  return outcome({ kind: "counted", actual, usage: sumOfParts(account), protocols, stated });
}

/** Whether the caller gave the rates of one model, and not a list. A list has thousands of keys, so these are not listed. */
function isRates(prices: TokenRates | Prices): prices is TokenRates {
  return isObject(prices) && KIND_LIST.some(([kind]) => Object.hasOwn(prices, `${kind}UsdPerMTok`));
}

/**
 * The message of an error of the readers or of the arithmetic; these quote only counts and names. Errors of other
 * classes are not shown, because a proxy may have thrown them.
 */
export function reasonOf(error: unknown): string {
  const isShown =
    error instanceof UncountableError || error instanceof RangeError || error instanceof TypeError;
  return isShown && error.message !== "" ? error.message : "the report cannot be read";
}

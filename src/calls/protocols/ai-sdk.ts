import type { TokenUsage } from "../../tokens/fields.ts";
import { type AnyObject, isObject } from "../own-fields.ts";
import {
  type Account,
  type Part,
  type Protocol,
  type ReadContext,
  type Served,
  type Stated,
  UncountableError,
} from "../reports/account.ts";
import { severalForms } from "../reports/forms.ts";
import { dataOf, isZero, numbersIn, valueAt } from "../reports/numbers.ts";
import { sumOfParts } from "../reports/sum.ts";
import { type Reported, type TokenProtocol, tokenProtocol } from "../reports/token-protocol.ts";
import { metadataOf, servedStep, statedStep, toolsOf } from "./ai-sdk-tools.ts";
import { AI_SDK_USAGES, checkedUsage } from "./ai-sdk-usage.ts";
import { listAt, textAt } from "./lists.ts";

/** Fields of other clients' responses. */
const FOREIGN = ["stopReason", "choices", "candidates", "usage_metadata", "modelUsage", "total_cost_usd"];

function forms(more: Partial<TokenProtocol>): Protocol {
  const each = AI_SDK_USAGES.map((shape) =>
    tokenProtocol({ name: "ai-sdk", shape, adjust: checkedUsage, ...more }),
  );
  return severalForms("ai-sdk", each);
}

/** The SDK's own counts. */
const COUNTS = /* @__PURE__ */ forms({});
/** A step, which is one request. */
const STEP = /* @__PURE__ */ forms({
  split: (whole, reported, context) => partsOf(whole, reported, context, true),
});
/** A result without steps. Its total may be that of several requests. */
const RESULT = /* @__PURE__ */ forms({
  at: ["totalUsage", "usage"],
  foreign: FOREIGN,
  split: (whole, reported, context) => partsOf(whole, reported, context, false),
});

/** Prices a step by the provider's own report where there is one, because it has more detail. */
function partsOf(
  whole: Part,
  { usage, response }: Reported,
  context: ReadContext,
  single: boolean,
): readonly Part[] {
  const account = ownAccount(whole, usage, response, context);
  const standing = account === null ? "none" : agreement(account, whole);
  const served = servedStep(response);
  if (account !== null && standing === "agrees") return withStep(account.parts, response, served);
  if (single && account !== null)
    throw new UncountableError("the provider's own report counts less than the step");
  if (account !== null) refuseLeftOut(account);
  const isTotal = !single && usage === valueAt(response, "totalUsage") && valueAt(usage, "raw") === undefined;
  const isSum = account !== null || isTotal || isContinued(response);
  return withStep([{ ...whole, ...(isSum && { requests: null }) }], response, served);
}

/**
 * Whether the provider's own report has the same sides as the SDK's counts, or more: early versions leave out the results
 * of Google's tools. If it has less, it is that of one step of several.
 */
function agreement(account: Account, { usage }: Part): "agrees" | "less" {
  const own = sumOfParts(account);
  return own.inputTokens >= usage.inputTokens && own.outputTokens >= usage.outputTokens ? "agrees" : "less";
}

/** Kinds that the SDK's counts do not have, and that may cost more than the kind that they are part of. */
const NOT_IN_SDK = /1h|Audio|Image|Video|Citation|searches/;

/** The report of one step of several shows which expensive kinds their sum leaves out. */
function refuseLeftOut(account: Account): void {
  const [missing] = Object.keys(sumOfParts(account)).filter((kind) => NOT_IN_SDK.test(kind));
  const [apart] = account.parts.flatMap((part) => part.apart);
  const left = missing ?? apart;
  if (left !== undefined) throw new UncountableError(`the sum of the steps leaves out ${left}`);
}

/** Adds to the first part what the step says besides its counts. */
function withStep(parts: readonly Part[], step: AnyObject, served: Served): readonly Part[] {
  const counted = parts.reduce((sum, { usage }) => sum + (usage.searches ?? 0), 0);
  const { searches, apart } = toolsOf(step, counted);
  const stated = statedStep(step);
  return parts.map((part, index) => {
    const named = {
      ...served,
      ...Object.fromEntries(Object.entries(part.served).filter(([, of]) => of !== undefined)),
    };
    const requests = isContinued(step) ? null : part.requests;
    if (index > 0) return { ...part, served: named, requests };
    const more = (part.usage.searches ?? 0) + searches - counted;
    return {
      ...part,
      served: named,
      requests,
      usage: { ...part.usage, ...(more > 0 && { searches: more }) },
      stated: larger(part.stated, stated),
      apart: [...part.apart, ...apart],
    };
  });
}

/** The larger of what the provider's own report and the step state: a gateway may charge more than the provider. */
function larger(own: Stated | undefined, stated: Stated | undefined): Stated | undefined {
  return own === undefined || (stated !== undefined && stated.amount > own.amount) ? stated : own;
}

/** Google's provider continues a long answer by further requests, whose counts it adds up. */
function isContinued(step: AnyObject): boolean {
  return ["google", "vertex"].some(
    (provider) => valueAt(metadataOf(step), `${provider}.initialPromptTokenCount`) !== undefined,
  );
}

/** The account of the provider's own report: `raw`, or what `providerMetadata` has of it in older versions. */
function ownAccount(
  whole: Part,
  usage: AnyObject,
  response: AnyObject,
  context: ReadContext,
): Account | null {
  const raw = valueAt(usage, "raw");
  if (isObject(raw)) {
    const account = context.readAny(raw);
    if (account === null) refuseNumbers(raw, context);
    return account;
  }
  const metadata = metadataOf(response);
  const google = valueAt(metadata, "google.usageMetadata") ?? valueAt(metadata, "vertex.usageMetadata");
  if (isObject(google)) return context.readAny(google);
  const isOld = valueAt(usage, "inputTokenDetails") === undefined && !isObject(valueAt(usage, "inputTokens"));
  if (!isOld) return null;
  const [anthropic, bedrock] = ["anthropic", "bedrock.usage"].map((path) => valueAt(metadata, path));
  if (isObject(bedrock))
    return context.readAny({ ...sidesOf(usage, BEDROCK_SIDES), ...Object.fromEntries(dataOf(bedrock)) });
  return isObject(anthropic) ? anthropicAccount(whole, usage, anthropic, context) : null;
}

/**
 * Before version 6, Anthropic's cached tokens are outside the SDK's input, and its cache writes are only in the metadata:
 * as the whole usage in version 5, as two counts in version 4.
 */
function anthropicAccount(whole: Part, usage: AnyObject, metadata: AnyObject, context: ReadContext): Account {
  const counts = ["cacheCreationInputTokens", "cacheReadInputTokens"].map((key) => key in metadata);
  const reported = valueAt(metadata, "usage");
  const own = isObject(reported)
    ? reported
    : counts.every((has) => has)
      ? { ...sidesOf(usage, ANTHROPIC_SIDES), ...sidesOf(metadata, ANTHROPIC_CACHES) }
      : {};
  const account = context.readAny(own);
  const sum = account === null ? null : sumOfParts(account);
  const fresh =
    sum === null ? Number.NaN : sum.inputTokens - (sum.cacheReadTokens ?? 0) - (sum.cacheWriteTokens ?? 0);
  const { inputTokens, outputTokens } = whole.usage;
  const isSame =
    sum !== null &&
    sum.outputTokens >= outputTokens &&
    (fresh >= inputTokens || sum.inputTokens === inputTokens);
  if (account !== null && isSame) return account;
  throw new UncountableError("inputTokens leaves out Anthropic's cache writes");
}

const ANTHROPIC_SIDES = [
  ["input_tokens", ["inputTokens", "promptTokens"]],
  ["output_tokens", ["outputTokens", "completionTokens"]],
] as const;
const ANTHROPIC_CACHES = [
  ["cache_creation_input_tokens", ["cacheCreationInputTokens"]],
  ["cache_read_input_tokens", ["cacheReadInputTokens"]],
] as const;
const BEDROCK_SIDES = [
  ["inputTokens", ["inputTokens", "promptTokens"]],
  ["outputTokens", ["outputTokens", "completionTokens"]],
  ["cacheReadInputTokens", ["cachedInputTokens"]],
] as const;

/** A report in the words of a provider, from the SDK's names. */
function sidesOf(usage: AnyObject, names: readonly (readonly [string, readonly string[]])[]): AnyObject {
  return Object.fromEntries(
    names.map(([name, from]) => [
      name,
      from.map((key) => valueAt(usage, key)).find((of) => of !== undefined) ?? null,
    ]),
  );
}

/** A provider's report of no known shape must have no numbers, or the caller says that they have no price. */
function refuseNumbers(raw: AnyObject, { informs }: ReadContext): void {
  const unknown = numbersIn(raw).find(
    ({ path, value }) =>
      !isZero(value) && !informs.some((name) => path === name || path.endsWith(`.${name}`)),
  );
  if (unknown !== undefined)
    throw new UncountableError(`raw.${unknown.path} is a number that no protocol knows`);
}

/** The parts of a result with steps, each of which is a request. */
function stepsAccount(report: AnyObject, steps: readonly unknown[], context: ReadContext): Account {
  const counted = steps.map((step) => {
    const usage = countsOf(valueAt(step, "usage"), context);
    const account = usage !== null && isObject(step) ? STEP.read(step, context) : null;
    if (usage === null || account === null) throw new UncountableError("a step has no usage");
    return { usage, account };
  });
  const accounts = counted.map(({ account }) => account);
  const sum = sumOf(counted.map(({ usage }) => usage));
  const total = countsOf(valueAt(report, "totalUsage"), context);
  if (total !== null && !isSame(total, sum))
    throw new UncountableError("totalUsage must be the sum of the steps");
  const usage = countsOf(valueAt(report, "usage"), context);
  if (usage !== null && !isSame(usage, sum) && !isSame(usage, counted.at(-1)?.usage)) {
    throw new UncountableError("usage must be that of the last step, or of all");
  }
  return {
    parts: accounts.flatMap(({ parts }) => parts),
    strange: accounts.reduce((strange, account) => strange + account.strange, 0),
  };
}

/** The SDK's own counts; `null` if there are none. */
function countsOf(usage: unknown, context: ReadContext): TokenUsage | null {
  return (isObject(usage) ? COUNTS.read(usage, context) : null)?.parts[0]?.usage ?? null;
}

function sumOf(counts: readonly TokenUsage[]): TokenUsage {
  const of = (side: "inputTokens" | "outputTokens"): number =>
    counts.reduce((sum, usage) => sum + usage[side], 0);
  return { inputTokens: of("inputTokens"), outputTokens: of("outputTokens") };
}

function isSame(one: TokenUsage, other: TokenUsage | undefined): boolean {
  return one.inputTokens === other?.inputTokens && one.outputTokens === other.outputTokens;
}

/** The Vercel AI SDK, versions 4 to 7: results of text, objects, embeddings and pictures, their steps and usages. */
export const AI_SDK: Protocol = {
  name: "ai-sdk",
  read: (report, context) => {
    const steps = listAt(report, "steps");
    const isInteraction =
      textAt(report, "status") !== "" || steps.some((step) => textAt(step, "type") !== "");
    return steps.length > 0 && !isInteraction
      ? stepsAccount(report, steps, context)
      : RESULT.read(report, context);
  },
};

import { quote } from "../../internal/text.ts";
import { type AnyObject, isObject, ownField } from "../own-fields.ts";
import { RefusedPriceError } from "./listed.ts";

/** A model's entry, and the provider whose list has it. */
export interface GenaiEntry {
  readonly provider: string;
  readonly entry: AnyObject;
}

/** The ids of providers that LiteLLM's prefixes name otherwise. */
const PROVIDERS: ReadonlyMap<string, string> = /* @__PURE__ */ new Map([
  ["azure_ai", "azure"],
  ["bedrock", "aws"],
  ["cohere_chat", "cohere"],
  ["fireworks_ai", "fireworks"],
  ["gemini", "google"],
  ["github_copilot", "github-copilot"],
  ["moonshot", "moonshotai"],
  ["together_ai", "together"],
  ["vertex_ai", "google"],
  ["voyage", "voyageai"],
  ["xai", "x-ai"],
]);

/** The providers of genai-prices: a list of them, an object with such a list, or one of them. `null` for anything else. */
export function genaiProviders(list: AnyObject | readonly unknown[]): readonly AnyObject[] | null {
  const single = isProvider(list) ? [list] : undefined;
  const listed = isObject(list) ? (ownField(list, "providers") ?? single) : list;
  if (!Array.isArray(listed)) return null;
  const all: readonly unknown[] = listed;
  const providers = all.filter(isProvider);
  return providers.length === 0 ? null : providers;
}

function isProvider(value: unknown): value is AnyObject {
  return isObject(value) && Array.isArray(ownField(value, "models"));
}

/**
 * Finds a model in the lists of the providers that the prefixes name, in their order. Without prefixes, or if none of
 * them names a provider, the name itself may begin with the id of one, such as `mistral/mistral-small-latest`; otherwise
 * it is looked for in all lists.
 *
 * @param names - the names of the model, the best first.
 * @throws RefusedPriceError if several providers have the model, and none of them is its maker.
 */
export function genaiEntry(
  providers: readonly AnyObject[],
  names: readonly string[],
  prefixes: readonly string[],
): GenaiEntry | null {
  const ids = prefixes.map(providerOf).filter((id) => providers.some((one) => ownField(one, "id") === id));
  for (const name of names) {
    const named = ids.flatMap((id) =>
      entriesIn(
        providers.filter((one) => ownField(one, "id") === id),
        name,
      ),
    );
    const found = named[0] ?? (ids.length === 0 ? anywhere(providers, name) : null);
    if (found !== null) return found;
  }
  return null;
}

function providerOf(prefix: string): string {
  const id = prefix.replace(/\/.*$/s, "");
  return PROVIDERS.get(id) ?? id;
}

function anywhere(providers: readonly AnyObject[], name: string): GenaiEntry | null {
  const slash = name.indexOf("/");
  const id = providerOf(name.slice(0, slash + 1));
  const own = providers.filter((one) => slash > 0 && ownField(one, "id") === id);
  const [qualified] = entriesIn(own, name.slice(slash + 1));
  if (qualified !== undefined) return qualified;
  const all = entriesIn(providers, name);
  const [first, ...others] = all;
  if (others.length === 0) return first ?? null;
  const [maker, ...makers] = entriesIn(
    providers.filter((one) => matches(ownField(one, "model_match"), name)),
    name,
  );
  if (maker !== undefined && makers.length === 0) return maker;
  const ids = all.map(({ provider }) => provider).join(", ");
  throw new RefusedPriceError(
    "unknown_model",
    `several providers have the model ${quote(name)}: ${ids}; a prefix must name one`,
  );
}

/** The entries with this id, or with a rule that says that it equals the name. */
function entriesIn(providers: readonly AnyObject[], name: string): readonly GenaiEntry[] {
  return providers.flatMap((provider) => {
    const id = ownField(provider, "id");
    const models = ownField(provider, "models");
    if (typeof id !== "string" || !Array.isArray(models)) return [];
    const entries = (models as readonly unknown[]).filter(isObject);
    const entry =
      entries.find((one) => ownField(one, "id") === name) ??
      entries.find((one) => equals(ownField(one, "match"), name));
    return entry === undefined ? [] : [{ provider: id, entry }];
  });
}

/** Whether a rule, or one of its alternatives, says that a model's name equals this one. */
function equals(rule: unknown, name: string): boolean {
  if (!isObject(rule)) return false;
  const or = ownField(rule, "or");
  const alternatives: readonly unknown[] = Array.isArray(or) ? or : [];
  return ownField(rule, "equals") === name || alternatives.some((one) => equals(one, name));
}

/** Whether a provider's rule says that it makes a model of this name. Regular expressions are not run. */
function matches(rule: unknown, name: string): boolean {
  if (!isObject(rule)) return false;
  const text = (key: string): string | null => {
    const value = ownField(rule, key);
    return typeof value === "string" ? value : null;
  };
  const [starts, part] = [text("starts_with"), text("contains")];
  const or = ownField(rule, "or");
  const alternatives: readonly unknown[] = Array.isArray(or) ? or : [];
  return (
    text("equals") === name ||
    (starts !== null && name.startsWith(starts)) ||
    (part !== null && name.includes(part)) ||
    alternatives.some((one) => matches(one, name))
  );
}

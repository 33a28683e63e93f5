import { anyText, wrongType } from "../../internal/check.ts";
import { isObject, ownField } from "../own-fields.ts";
import { isVersion } from "./model-names.ts";

/** The start of a model's name at Bedrock: a region, and the model's maker. */
const BEDROCK =
  /^(?:(?:us|us-gov|eu|apac|ap|au|ca|jp|sa|global)\.)?(?:ai21|amazon|anthropic|cohere|deepseek|luma|meta|minimax|mistral|moonshot|moonshotai|nvidia|openai|qwen|stability|writer)\./;

/**
 * Whether the model that an answer names is the model that was asked for.
 *
 * It is if the names are equal, or if the answer names a version of the model: a date, `001`, `latest`, or Bedrock's
 * `v1:0` behind the name. Upper and lower case are the same. Prefixes of a provider are ignored if one of the two names
 * has none: `openai/`, `models/`, `publishers/google/models/`, `us.anthropic.`, or an ARN. Another number is another
 * model: `claude-sonnet-4` and `claude-sonnet-4-5`, for example.
 *
 * @param asked - the model that was asked for.
 * @param served - the model that the answer names.
 * @param aliases - the model behind a name of your own, such as that of an Azure deployment.
 * @throws TypeError for a wrong type.
 * @example
 * ```ts
 * sameModel("gpt-4o-mini", "gpt-4o-mini-2024-07-18"); // => true
 * sameModel("gpt-4", "gpt-4-32k"); // => false
 * sameModel("chat-prod", "gpt-4o-2024-08-06", { "chat-prod": "gpt-4o" }); // => true
 * ```
 */
export function sameModel(
  asked: string,
  served: string,
  aliases: Readonly<Record<string, string>> = {},
): boolean {
  const from = anyText("sameModel: asked", asked);
  const to = anyText("sameModel: served", served);
  if (!isObject(aliases)) throw wrongType("sameModel: aliases", "an object", aliases);
  const alias = ownField(aliases, from);
  if (isSame(from, to)) return true;
  return alias !== undefined && isSame(anyText("sameModel: an alias", alias), to);
}

function isSame(asked: string, served: string): boolean {
  const from = nameOf(asked);
  const to = nameOf(served);
  const bothOwned = from.owner !== "" && to.owner !== "" && from.owner !== to.owner;
  if (from.name === "" || bothOwned) return false;
  return (
    from.name === to.name || (to.name.startsWith(from.name) && isVersion(to.name.slice(from.name.length)))
  );
}

/** Words before a `/` that name no maker of a model. */
const PLACES =
  /^(?:models|openai|azure|azure_ai|vertex_ai|gemini|google|bedrock|bedrock_mantle|converse|openrouter|github|github_copilot|together_ai|fireworks_ai|groq|accounts|publishers|inference-profile|foundation-model)$/;

/** A name in lower case without what stands before and behind it, and who made the model if the name says so. */
function nameOf(model: string): { readonly owner: string; readonly name: string } {
  const lower = model.toLowerCase();
  const parts = lower.split("/");
  const last = lower
    .replace(/^.*\//s, "")
    .replace(BEDROCK, "")
    .replace(/-v?\d+:\d+$/, "");
  const owner = parts.length > 2 ? "" : (parts.at(-2) ?? "");
  // `latest` names no version, so any version is one of it. Vertex AI writes a version after `@`.
  const name = last.replace(/[-@](?:latest|default)$/, "").replaceAll("@", "-");
  return { owner: PLACES.test(owner) || owner.startsWith("arn:") ? "" : owner, name };
}

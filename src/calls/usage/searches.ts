import { type AnyObject, isObject } from "../own-fields.ts";
import { countOrZero, optionalCount, UncountableError } from "./counts.ts";

/**
 * The searches that a report counts. Web fetches are free; every other server tool is billed separately and refused.
 */
export function reportedSearches(tools: AnyObject): number {
  for (const key of Object.keys(tools)) {
    if (/^web_(?:search|fetch)_requests$/.test(key) || optionalCount(tools, key) === undefined) continue;
    if (countOrZero(tools, key) > 0) throw new UncountableError(`${key} are billed separately`);
  }
  return countOrZero(tools, "web_search_requests");
}

/** Tools in a response that have their own fee or model. */
const SEPARATE_FEE = /^(?:file_search|code_interpreter|image_generation)_call$/;

/**
 * The searches that a response lists but its usage does not count, as for OpenAI's responses and search models, and for
 * Gemini.
 *
 * @param counted - the searches that the usage counts.
 * @throws UncountableError for a tool that is billed separately, or for an unknown number of searches.
 */
export function listedSearches(response: AnyObject, counted: number): number {
  const types = listIn(response, "output").map((item) => fieldOf(item, "type"));
  for (const type of types) {
    if (typeof type === "string" && SEPARATE_FEE.test(type))
      throw new UncountableError(`${type} is billed separately`);
  }
  const grounded = listIn(response, "candidates").map((candidate) => fieldOf(candidate, "groundingMetadata"));
  const chunks = grounded.flatMap((of) => listIn(of, "groundingChunks"));
  if (chunks.some((chunk) => fieldOf(chunk, "maps") !== undefined))
    throw new UncountableError("maps are billed separately");
  const queries = ["webSearchQueries", "imageSearchQueries"].flatMap((key) =>
    grounded.flatMap((of) => listIn(of, key)),
  );
  const listed = types.filter((type) => type === "web_search_call").length + queries.length;
  if (listed + counted > 0) return listed;
  // For OpenAI's and Gemini's searches, the AI SDK's result has the sources but not the number of searches.
  if (listIn(response, "sources").some((source) => fieldOf(source, "sourceType") === "url")) {
    throw new UncountableError("the result has sources, but no number of searches");
  }
  // A search model of OpenAI's chat completions searches once; its citations show that it did.
  const cites = (choice: unknown): boolean =>
    listIn(fieldOf(choice, "message"), "annotations").some((of) => fieldOf(of, "type") === "url_citation");
  return listIn(response, "choices").some(cites) ? 1 : 0;
}

/** A field of a result. It may be an inherited getter of a class, but not a field that every object inherits. */
export function fieldOf(result: unknown, key: string): unknown {
  return isObject(result) && !(key in Object.prototype) ? result[key] : undefined;
}

function listIn(result: unknown, key: string): readonly unknown[] {
  const list = fieldOf(result, key);
  return Array.isArray(list) ? list : [];
}

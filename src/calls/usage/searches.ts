import { isPart, type Part } from "../record.ts";
import { maybe, NoCount, part } from "./counts.ts";

/** Searches that a report counts itself; what else a server's tool costs is not in it. Fetches have no price. */
export function reportedSearches(tools: Part): number {
  for (const key of Object.keys(tools)) {
    if (/^web_(?:search|fetch)_requests$/.test(key) || maybe(tools, key) === undefined) continue;
    if (part(tools, key) > 0) throw new NoCount(`${key} are charged apart`);
  }
  return part(tools, "web_search_requests");
}

/** Tools whose calls a response lists, and that have a fee or a model of their own. */
const APART = /^(?:file_search|code_interpreter|image_generation)_call$/;

/**
 * Searches that an answer lists, where its usage does not count them: OpenAI's responses and search models, and
 * Gemini.
 *
 * @param counted - those that the usage does count.
 * @throws NoCount for what is charged apart, or for searches whose number nobody says.
 */
export function listedSearches(response: Part, counted: number): number {
  const types = listIn(response, "output").map((item) => fieldOf(item, "type"));
  for (const type of types) {
    if (typeof type === "string" && APART.test(type)) throw new NoCount(`${type} is charged apart`);
  }
  const grounded = listIn(response, "candidates").map((candidate) => fieldOf(candidate, "groundingMetadata"));
  const chunks = grounded.flatMap((of) => listIn(of, "groundingChunks"));
  if (chunks.some((chunk) => fieldOf(chunk, "maps") !== undefined))
    throw new NoCount("maps are charged apart");
  const queries = ["webSearchQueries", "imageSearchQueries"].flatMap((key) =>
    grounded.flatMap((of) => listIn(of, key)),
  );
  const listed = types.filter((type) => type === "web_search_call").length + queries.length;
  if (listed + counted > 0) return listed;
  // The AI SDK's result: of OpenAI's and Gemini's searches it tells what they found, and not how many there were.
  if (listIn(response, "sources").some((source) => fieldOf(source, "sourceType") === "url")) {
    throw new NoCount("it has sources, and does not count the searches");
  }
  // A search model of OpenAI's chat completions searches once, and says so by what it cites.
  const cites = (choice: unknown): boolean =>
    listIn(fieldOf(choice, "message"), "annotations").some((of) => fieldOf(of, "type") === "url_citation");
  return listIn(response, "choices").some(cites) ? 1 : 0;
}

/** A field of a result, which may be an instance with getters; not one that every object inherits. */
export function fieldOf(result: unknown, key: string): unknown {
  return isPart(result) && !(key in Object.prototype) ? result[key] : undefined;
}

function listIn(result: unknown, key: string): readonly unknown[] {
  const list = fieldOf(result, key);
  return Array.isArray(list) ? list : [];
}

import { field, isPart, maybe, NoCount, type Part, part } from "./counts.ts";

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
  const output = parts(fieldOf(response, "output"));
  for (const item of output) {
    const type = fieldOf(item, "type");
    if (typeof type === "string" && APART.test(type)) throw new NoCount(`${type} is charged apart`);
  }
  const calls = output.filter((item) => fieldOf(item, "type") === "web_search_call");
  const grounded = parts(fieldOf(response, "candidates")).map((candidate) =>
    fieldOf(candidate, "groundingMetadata"),
  );
  const queries = grounded.filter(isPart).flatMap((grounding) => {
    if (parts(fieldOf(grounding, "groundingChunks")).some((chunk) => fieldOf(chunk, "maps") !== undefined)) {
      throw new NoCount("grounding in maps is charged apart");
    }
    return ["webSearchQueries", "imageSearchQueries"].flatMap((key) => list(fieldOf(grounding, key)));
  });
  const listed = calls.length + queries.length;
  if (listed + counted > 0) return listed;
  const sources = parts(fieldOf(response, "sources"));
  if (sources.some((source) => fieldOf(source, "sourceType") === "url")) {
    throw new NoCount("the answer has sources, and its usage does not count the searches");
  }
  // A search model of OpenAI's chat completions searches once, and says so by what it cites.
  return parts(fieldOf(response, "choices")).some(cites) ? 1 : 0;
}

function cites(choice: Part): boolean {
  const message = fieldOf(choice, "message");
  const annotations = isPart(message) ? parts(fieldOf(message, "annotations")) : [];
  return annotations.some((annotation) => field(annotation, "type") === "url_citation");
}

/** A field of a result, which may be an instance with getters; not one that every object inherits. */
export function fieldOf(result: Part, key: string): unknown {
  return key in Object.prototype ? undefined : result[key];
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function parts(value: unknown): readonly Part[] {
  return list(value).filter(isPart);
}

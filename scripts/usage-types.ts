/**
 * `npx node scripts/usage-types.ts FOLDER` writes test/vectors/usage-types.json: every number that the usage types of the
 * clients have. Its test holds the protocols against it. FOLDER is a package whose node_modules has the clients:
 *
 *     npm i --prefix FOLDER --ignore-scripts openai@7.57.0 groq-sdk@1.6.0 @mistralai/mistralai@2.7.0 cohere-ai@8.1.0 \
 *       voyageai@0.4.0 ollama@0.6.4 @openrouter/sdk@1.3.19 @perplexity-ai/perplexity_ai@0.38.5 \
 *       @anthropic-ai/sdk@1.13.0 @google/genai@3.3.0 @aws-sdk/client-bedrock-runtime@3.1164.0 ai@7.0.173 \
 *       @ai-sdk/provider@4.0.38 @langchain/core@1.4.0 @openai/agents-core@0.20.0 \
 *       @anthropic-ai/claude-agent-sdk@0.3.332 @openai/codex-sdk@0.163.0
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";

/** A type of a client. */
export interface ClientType {
  readonly package: string;
  /** The file of its declarations in the package. */
  readonly file: string;
  /** Its name, with the namespaces that it is in. */
  readonly type: string;
}

/** A type, and the paths of its numbers as the client spells them, such as `models[].usage.total_tokens`. */
export interface RecordedType extends ClientType {
  readonly version: string;
  readonly numbers: readonly string[];
}

const RESPONSES = "resources/responses/responses.d.ts";
const IMAGES = "resources/images.d.ts";
const GENAI = "dist/genai.d.ts";
const SPEECH = "resources/audio/transcriptions.d.ts";

/** The file and the types of each client. */
const CLIENTS: readonly (readonly [name: string, file: string, ...types: readonly string[]])[] = [
  ["openai", "resources/completions.d.ts", "CompletionUsage"],
  ["openai", RESPONSES, "ResponseUsage", "Response.ToolUsage"],
  ["openai", "resources/embeddings.d.ts", "CreateEmbeddingResponse.Usage"],
  ["openai", IMAGES, "ImagesResponse.Usage", "ImagesResponse.SvgUsage"],
  ["openai", IMAGES, "ImageGenCompletedEvent.Usage", "ImageEditCompletedEvent.Usage"],
  ["openai", SPEECH, "Transcription.Tokens", "Transcription.Duration"],
  ["openai", SPEECH, "TranscriptionDiarized.Tokens", "TranscriptionDiarized.Duration"],
  ["openai", SPEECH, "TranscriptionTextDoneEvent.Usage", "TranscriptionVerbose.Usage"],
  ["openai", "resources/realtime/realtime.d.ts", "RealtimeResponseUsage"],
  ["groq-sdk", "resources/completions.d.ts", "CompletionUsage"],
  ["groq-sdk", "resources/embeddings.d.ts", "CreateEmbeddingResponse.Usage"],
  ["groq-sdk", "resources/chat/completions.d.ts", "ChatCompletion.UsageBreakdown"],
  ["@mistralai/mistralai", "esm/models/components/usageinfo.d.ts", "UsageInfo"],
  ["@mistralai/mistralai", "esm/models/components/conversationusageinfo.d.ts", "ConversationUsageInfo"],
  ["@mistralai/mistralai", "esm/models/components/ocrusageinfo.d.ts", "OCRUsageInfo"],
  ["cohere-ai", "api/types/Usage.d.ts", "Usage"],
  ["cohere-ai", "api/types/ApiMeta.d.ts", "ApiMeta"],
  ["voyageai", "dist/cjs/api/types/EmbedResponseUsage.d.ts", "EmbedResponseUsage"],
  [
    "voyageai",
    "dist/cjs/api/types/ContextualizedEmbedResponseUsage.d.ts",
    "ContextualizedEmbedResponseUsage",
  ],
  ["voyageai", "dist/cjs/api/types/MultimodalEmbedResponseUsage.d.ts", "MultimodalEmbedResponseUsage"],
  ["voyageai", "dist/cjs/api/types/RerankResponseUsage.d.ts", "RerankResponseUsage"],
  ["ollama", "dist/browser.d.ts", "ChatResponse", "GenerateResponse", "EmbedResponse"],
  ["@openrouter/sdk", "esm/models/chatusage.d.ts", "ChatUsage"],
  ["@openrouter/sdk", "esm/models/openresponsesresult.d.ts", "Usage"],
  ["@openrouter/sdk", "esm/models/imagegenerationusage.d.ts", "ImageGenerationUsage"],
  ["@openrouter/sdk", "esm/models/sttusage.d.ts", "STTUsage"],
  ["@openrouter/sdk", "esm/models/videogenerationusage.d.ts", "VideoGenerationUsage"],
  ["@openrouter/sdk", "esm/models/operations/createembeddings.d.ts", "CreateEmbeddingsUsage"],
  ["@openrouter/sdk", "esm/models/operations/creatererank.d.ts", "CreateRerankUsage"],
  [
    "@perplexity-ai/perplexity_ai",
    "dist/generated/api.d.ts",
    ...["UsageInfoOutput", "ResponsesUsageOutput", "EmbeddingsUsageOutput"],
  ],
  ["@anthropic-ai/sdk", "resources/messages/messages.d.ts", "Usage", "MessageDeltaUsage"],
  ["@anthropic-ai/sdk", "resources/beta/messages/messages.d.ts", "BetaUsage", "BetaMessageDeltaUsage"],
  ["@google/genai", GENAI, "GenerateContentResponseUsageMetadata", "UsageMetadata", "Usage"],
  ["@google/genai", GENAI, "ContentEmbeddingStatistics", "EmbedContentMetadata"],
  ["@aws-sdk/client-bedrock-runtime", "dist-types/models/models_0.d.ts", "TokenUsage"],
  ["ai", "dist/index.d.ts", "LanguageModelUsage", "EmbeddingModelUsage"],
  [
    "@ai-sdk/provider",
    "dist/index.d.ts",
    "LanguageModelV4Usage",
    "LanguageModelV3Usage",
    "LanguageModelV2Usage",
  ],
  ["@ai-sdk/provider", "dist/index.d.ts", "ImageModelV4Usage", "ImageModelV3Usage"],
  ["@langchain/core", "dist/messages/metadata.d.ts", "UsageMetadata"],
  ["@openai/agents-core", "dist/usage.d.ts", "Usage", "RequestUsage"],
  ["@anthropic-ai/claude-agent-sdk", "sdk.d.ts", "ModelUsage"],
  ["@openai/codex-sdk", "dist/index.d.ts", "Usage"],
];

/** Every type of the clients, or of one of them. */
export function clientTypes(only?: string): readonly ClientType[] {
  return CLIENTS.filter(([name]) => only === undefined || name === only).flatMap(([name, file, ...types]) =>
    types.map((type) => ({ package: name, file, type })),
  );
}

/** Reads types of the clients in a folder `node_modules`. */
export function readTypes(modules: string, types: readonly ClientType[]): readonly RecordedType[] {
  const pathOf = (of: ClientType): string => join(modules, of.package, of.file);
  const program = ts.createProgram([...new Set(types.map(pathOf))], {
    lib: ["lib.es2022.d.ts"],
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    skipLibCheck: true,
    strict: true,
    target: ts.ScriptTarget.ES2022,
    types: [],
  });
  const checker = program.getTypeChecker();
  return types.map((of) => {
    const source = program.getSourceFile(pathOf(of));
    const name = source && declared(source, of.type.split("."));
    if (name === undefined) throw new RangeError(`${of.package} must have ${of.type} in ${of.file}`);
    const numbers: string[] = [];
    collect(checker, name, checker.getTypeAtLocation(name), "", numbers);
    return { ...of, version: versionOf(join(modules, of.package)), numbers: [...new Set(numbers)].sort() };
  });
}

/** The name of a declaration, by its namespaces. */
function declared(within: ts.SourceFile | ts.ModuleBlock, path: readonly string[]): ts.Node | undefined {
  const [first, ...rest] = path;
  for (const statement of within.statements) {
    const isType =
      ts.isInterfaceDeclaration(statement) ||
      ts.isTypeAliasDeclaration(statement) ||
      ts.isClassDeclaration(statement);
    if (rest.length === 0 && isType && statement.name?.text === first) return statement.name;
    if (rest.length === 0 || !ts.isModuleDeclaration(statement) || statement.name.text !== first) continue;
    const found =
      statement.body !== undefined && ts.isModuleBlock(statement.body) && declared(statement.body, rest);
    if (found !== false && found !== undefined) return found;
  }
  return undefined;
}

/** No usage is deeper. */
const MAX_FIELDS = 8;

function collect(checker: ts.TypeChecker, at: ts.Node, type: ts.Type, path: string, numbers: string[]): void {
  if (type.aliasSymbol?.name === "JSONObject") {
    // What a provider has sent.
    numbers.push(`${path}.*`);
    return;
  }
  if (path.split(".").length > MAX_FIELDS) throw new RangeError(`${path} is too deep`);
  if (type.isUnion()) {
    for (const member of type.types) collect(checker, at, member, path, numbers);
  } else if ((type.flags & ts.TypeFlags.NumberLike) !== 0) {
    numbers.push(path);
  } else if (checker.isArrayType(type)) {
    const [item] = checker.getTypeArguments(type as ts.TypeReference); // An array type refers to Array.
    if (item !== undefined) collect(checker, at, item, `${path}[]`, numbers);
  } else if ((type.flags & (ts.TypeFlags.Object | ts.TypeFlags.Intersection)) !== 0 && !isLibrary(type)) {
    const below = (key: string): string => (path === "" ? key : `${path}.${key}`);
    for (const property of type.getProperties()) {
      collect(checker, at, checker.getTypeOfSymbolAtLocation(property, at), below(property.name), numbers);
    }
    const indexed = type.getStringIndexType();
    if (indexed !== undefined) collect(checker, at, indexed, below("*"), numbers);
  }
}

/** Whether a type is one of JavaScript's own, such as Date, or a text with a brand. */
function isLibrary(type: ts.Type): boolean {
  if (type.isIntersection()) return type.types.some(({ flags }) => (flags & ts.TypeFlags.StringLike) !== 0);
  if (!type.isClassOrInterface()) return false;
  const files = type.getSymbol()?.declarations?.map((of) => of.getSourceFile().fileName) ?? [];
  return files.some((file) => /\/lib\.[^/]*\.d\.ts$/.test(file));
}

function versionOf(folder: string): string {
  const { version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as { version: string };
  return version;
}

const VECTORS = fileURLToPath(new URL("../test/vectors/usage-types.json", import.meta.url));

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [, , folder] = process.argv;
  if (folder === undefined) throw new TypeError("usage: npx node scripts/usage-types.ts FOLDER");
  const lines = readTypes(join(folder, "node_modules"), clientTypes()).map((type) => JSON.stringify(type));
  writeFileSync(VECTORS, `[\n${lines.join(",\n")}\n]\n`);
}

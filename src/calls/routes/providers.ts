import type { ProviderName } from "../protocols/names.ts";
import { ANTHROPIC } from "./anthropic.ts";
import { BEDROCK } from "./bedrock.ts";
import { GEMINI, VERTEX } from "./gemini.ts";
import { AZURE, DEEPSEEK, GROQ, OPENAI, OPENROUTER, PERPLEXITY, XAI } from "./openai.ts";
import { COHERE, MISTRAL, OLLAMA, VOYAGE } from "./others.ts";
import type { Family } from "./rows.ts";

/** The header that takes the secret, and what stands before the secret in it. */
export interface SecretHeader {
  readonly name: "authorization" | "x-api-key" | "x-goog-api-key" | "api-key";
  readonly prefix: "" | "Bearer ";
}

/** What a provider needs besides its routes. */
export interface ProviderFacts {
  readonly family: Family;
  /** Its hosts, all of them with https; the group `region` is a region. */
  readonly hosts: readonly RegExp[];
  /** The headers that take its secret; the first one is the usual one. */
  readonly secrets: readonly [SecretHeader, ...SecretHeader[]];
  /** What stands before its models in LiteLLM's list; `""` is the model as it is. */
  readonly pricePrefixes: readonly string[];
  /** Its ids in `@pydantic/genai-prices`. */
  readonly genaiProviders: readonly string[];
}

const BEARER = { name: "authorization", prefix: "Bearer " } as const;
const API_KEY = { name: "api-key", prefix: "" } as const;
const X_API_KEY = { name: "x-api-key", prefix: "" } as const;
const GOOGLE = { name: "x-goog-api-key", prefix: "" } as const;

/** Every provider. Own fields only are read: a name from outside must not find an inherited one. */
export const PROVIDERS: Readonly<Record<ProviderName, ProviderFacts>> = {
  anthropic: {
    family: ANTHROPIC,
    hosts: [/^api\.anthropic\.com$/],
    secrets: [X_API_KEY, BEARER],
    pricePrefixes: ["", "anthropic/"],
    genaiProviders: ["anthropic"],
  },
  azure: {
    family: AZURE,
    hosts: [/^[a-z0-9-]+\.(?:openai\.azure\.com|cognitiveservices\.azure\.com|services\.ai\.azure\.com)$/],
    secrets: [API_KEY, BEARER],
    pricePrefixes: ["azure/", "azure_ai/"],
    genaiProviders: ["azure"],
  },
  bedrock: {
    family: BEDROCK,
    hosts: [
      /^bedrock-runtime(?:-fips)?\.(?<region>[a-z0-9-]+)\.amazonaws\.com(?:\.cn)?$/,
      /^bedrock-runtime(?:-fips)?\.(?<region>[a-z0-9-]+)\.api\.aws$/,
    ],
    secrets: [BEARER],
    pricePrefixes: ["", "bedrock/"],
    genaiProviders: ["aws"],
  },
  cohere: {
    family: COHERE,
    hosts: [/^api\.cohere\.(?:com|ai)$/],
    secrets: [BEARER],
    pricePrefixes: ["", "cohere/"],
    genaiProviders: ["cohere"],
  },
  deepseek: {
    family: DEEPSEEK,
    hosts: [/^api\.deepseek\.com$/],
    secrets: [BEARER],
    pricePrefixes: ["deepseek/", ""],
    genaiProviders: ["deepseek"],
  },
  gemini: {
    family: GEMINI,
    hosts: [/^generativelanguage\.googleapis\.com$/],
    secrets: [GOOGLE, BEARER],
    pricePrefixes: ["gemini/"],
    genaiProviders: ["google"],
  },
  groq: {
    family: GROQ,
    hosts: [/^api\.groq\.com$/],
    secrets: [BEARER],
    pricePrefixes: ["groq/"],
    genaiProviders: ["groq"],
  },
  mistral: {
    family: MISTRAL,
    hosts: [/^api\.mistral\.ai$/],
    secrets: [BEARER],
    pricePrefixes: ["mistral/"],
    genaiProviders: ["mistral"],
  },
  ollama: {
    family: OLLAMA,
    hosts: [/^ollama\.com$/, /^(?:localhost|127\.0\.0\.1|\[::1\]):11434$/],
    secrets: [BEARER],
    pricePrefixes: ["ollama/"],
    genaiProviders: [],
  },
  openai: {
    family: OPENAI,
    hosts: [/^(?:(?<region>[a-z]{2})\.)?api\.openai\.com$/],
    secrets: [BEARER],
    pricePrefixes: ["", "openai/"],
    genaiProviders: ["openai"],
  },
  openrouter: {
    family: OPENROUTER,
    hosts: [/^(?:(?<region>eu)\.)?openrouter\.ai$/],
    secrets: [BEARER],
    pricePrefixes: ["openrouter/"],
    genaiProviders: ["openrouter"],
  },
  perplexity: {
    family: PERPLEXITY,
    hosts: [/^api\.perplexity\.ai$/],
    secrets: [BEARER],
    pricePrefixes: ["perplexity/"],
    genaiProviders: ["perplexity"],
  },
  vertex: {
    family: VERTEX,
    hosts: [/^(?:[a-z0-9-]+-)?aiplatform\.googleapis\.com$/, /^aiplatform\.[a-z]{2}\.rep\.googleapis\.com$/],
    secrets: [BEARER, GOOGLE],
    pricePrefixes: ["vertex_ai/", ""],
    genaiProviders: ["google"],
  },
  voyage: {
    family: VOYAGE,
    hosts: [/^api\.voyageai\.com$/],
    secrets: [BEARER],
    pricePrefixes: ["voyage/"],
    genaiProviders: ["voyageai"],
  },
  xai: {
    family: XAI,
    hosts: [/^(?:(?<region>[a-z]{2}-[a-z]+-\d)\.)?api\.x\.ai$/],
    secrets: [BEARER],
    pricePrefixes: ["xai/"],
    genaiProviders: ["x-ai"],
  },
};

/** Whether a word names a provider. */
export function isProvider(name: unknown): name is ProviderName {
  return typeof name === "string" && Object.hasOwn(PROVIDERS, name);
}

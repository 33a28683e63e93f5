import {
  BackendCapabilities,
  BackendKind,
  ExternalEndpoint,
  NoEligibleBackendError,
  type PassedOver,
  type Routable,
  SecretRef,
  selectBackend,
  ToolRequirements,
} from "dispatch-kit";

/** The most that one call may generate: what makes an upper bound possible at all. */
export const MAX_OUTPUT_TOKENS = 1000;

/** The trace does not say how long an answer took. This is assumed, and printed with the results. */
export const LATENCY = { firstTokenSeconds: 0.5, perTokenSeconds: 0.025 } as const;

/**
 * The service looks at what has happened once in so many seconds: it settles the answers that are there, then
 * decides the calls that have come, in their order. What is decided together travels together: one transaction
 * a step, not one a call.
 */
export const STEP_SECONDS = 2;

/** In how many steps an answer of so many tokens is there, after its call was sent. */
export function answerSteps(tokens: number): number {
  return Math.ceil((LATENCY.firstTokenSeconds + tokens * LATENCY.perTokenSeconds) / STEP_SECONDS);
}

/** The traffic is text, and nobody asks for a cache that lives an hour: what these cost is not held. */
export const TEXT_ONLY = {
  maxCacheWrite1hTokens: 0,
  maxInputAudioTokens: 0,
  maxInputImageTokens: 0,
  maxInputVideoTokens: 0,
  maxOutputAudioTokens: 0,
  maxOutputImageTokens: 0,
  maxOutputVideoTokens: 0,
};

/** A chat model of this size needs one large GPU. */
export const NEEDS = new ToolRequirements({ toolId: "chat", minVramGb: 80 });

/** The secret is only named: nothing is sent, so nobody looks it up. */
const ENDPOINT = new ExternalEndpoint({
  name: "hosted-model",
  baseUrl: "https://llm.example.com/v1",
  secret: new SecretRef("HOSTED_MODEL_API_KEY"),
});

/** A place where work can run; data leaves only through an endpoint. */
export type Backend = Routable & { readonly endpoint: ExternalEndpoint | null };

/** What this service owns or rents. Only the hosted model can answer, and data leaves with each call. */
export const BACKENDS: readonly Backend[] = [
  {
    kind: BackendKind.LOCAL,
    capabilities: new BackendCapabilities({ hasGpu: true, availableVramGb: 96, toolIds: ["embed"] }),
    endpoint: null,
  },
  {
    kind: BackendKind.LAN_WORKER,
    capabilities: new BackendCapabilities({ hasGpu: true, availableVramGb: 8, toolIds: ["chat"] }),
    endpoint: null,
  },
  {
    kind: BackendKind.CLOUD_WORKER,
    capabilities: new BackendCapabilities({ hasGpu: true, availableVramGb: 80, toolIds: ["whisper"] }),
    endpoint: null,
  },
  // Somebody else's machine brings its own memory: only the tool counts.
  { kind: BackendKind.SDK, canSatisfy: ({ toolId }) => toolId === "chat", endpoint: ENDPOINT },
];

/** Why nothing but the hosted model can do it: the library's own words, from a routing that must fail. */
export function passedOver(): readonly PassedOver[] {
  try {
    selectBackend(BACKENDS, NEEDS);
  } catch (error) {
    if (error instanceof NoEligibleBackendError) return error.passedOver;
    throw error;
  }
  return [];
}

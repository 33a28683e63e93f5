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

/** The most tokens that one call may generate; without this limit a call has no upper bound. */
export const MAX_OUTPUT_TOKENS = 1000;

/** The trace has no durations. These are assumed, and printed with the results. */
export const LATENCY = { firstTokenSeconds: 0.5, perTokenSeconds: 0.025 } as const;

/**
 * The length of a step. In each step, the service settles the calls that were answered, and then decides the new calls in
 * their order. A step is one transaction, so that not every call needs its own.
 */
export const STEP_SECONDS = 2;

/** How many steps after its call an answer of this many tokens arrives. */
export function answerSteps(tokens: number): number {
  return Math.ceil((LATENCY.firstTokenSeconds + tokens * LATENCY.perTokenSeconds) / STEP_SECONDS);
}

/** The traffic is only text and uses no one-hour cache, so no money is held for the other kinds of tokens. */
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

/** Nothing is sent, so the secret is never read. */
const ENDPOINT = new ExternalEndpoint({
  name: "hosted-model",
  baseUrl: "https://llm.example.com/v1",
  secret: new SecretRef("HOSTED_MODEL_API_KEY"),
});

/** A backend; data is sent only to one with an endpoint. */
export type Backend = Routable & { readonly endpoint: ExternalEndpoint | null };

/** The backends of this service. Only the hosted model can run the calls, so each call sends data to it. */
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
  // The provider's machine has enough memory: only the tool counts.
  { kind: BackendKind.SDK, canSatisfy: ({ toolId }) => toolId === "chat", endpoint: ENDPOINT },
];

/** Why only the hosted model can run the calls: the library's own reasons, from a routing that must fail. */
export function passedOver(): readonly PassedOver[] {
  try {
    selectBackend(BACKENDS, NEEDS);
  } catch (error) {
    if (error instanceof NoEligibleBackendError) return error.passedOver;
    throw error;
  }
  return [];
}

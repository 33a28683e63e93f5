/**
 * A language-model middleware for the Vercel AI SDK that puts every call of a model under a budget, streamed or not.
 *
 * `generateText` and the agents of the SDK retry by calling the model again. Each call has its own hold.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { createOpenAI } from "@ai-sdk/openai";
import {
  estimateTokens,
  type ExternalEndpoint,
  type HoldRequest,
  type Lacking,
  type ScopeCap,
  type TokenRates,
} from "dispatch-kit";
import {
  actualOf,
  type CallLedger,
  endpointFetch,
  maxTokensOf,
  type OpenHold,
  withHold,
} from "dispatch-kit/calls";
import { type LanguageModelMiddleware, wrapLanguageModel } from "ai";

type WrapStream = NonNullable<LanguageModelMiddleware["wrapStream"]>;
type Params = Parameters<WrapStream>[0]["params"];
type Streamed = Awaited<ReturnType<WrapStream>>;
type Part = Streamed["stream"] extends ReadableStream<infer Part> ? Part : never;
type Finish = Extract<Part, { type: "finish" }>;

export interface Budget {
  readonly ledger: CallLedger;
  readonly rates: TokenRates;
  /** Is called for each call, because days and months end. */
  readonly scopes: () => readonly ScopeCap[];
  readonly maxOutputTokens: number;
}

/** A cap has no room for the call, so the call was not made. */
export class OverBudgetError extends Error {
  override readonly name = "OverBudgetError";
  readonly lacking: readonly Lacking[];

  constructor(lacking: readonly Lacking[]) {
    super(`no room in ${lacking.map(({ scope }) => scope).join(", ")}`);
    this.lacking = lacking;
  }
}

/** The hold of the current call, for the model's `fetch`. */
const current = new AsyncLocalStorage<OpenHold>();

export function budgetedModel(
  endpoint: ExternalEndpoint,
  modelId: string,
  budget: Budget,
): ReturnType<typeof wrapLanguageModel> {
  const fetch: typeof globalThis.fetch = (input, init) => {
    const hold = current.getStore();
    return endpointFetch(endpoint, { detail: modelId, ...(hold && { hold }) })(input, init);
  };
  const provider = createOpenAI({ baseURL: endpoint.baseUrl, apiKey: "the endpoint's", fetch });
  return wrapLanguageModel({ model: provider.chat(modelId), middleware: budgetMiddleware(budget) });
}

export function budgetMiddleware({
  ledger,
  rates,
  scopes,
  maxOutputTokens,
}: Budget): LanguageModelMiddleware {
  const request = (params: Params): HoldRequest => {
    const limits = {
      maxInputTokens: boundOf(params),
      maxOutputTokens: params.maxOutputTokens ?? maxOutputTokens,
    };
    const amount = estimateTokens(rates, limits);
    return { holdId: crypto.randomUUID(), amount, scopes: scopes(), ttlSeconds: 900 };
  };
  return {
    // The provider must stop at the limit that the hold covers.
    transformParams: ({ params }) =>
      Promise.resolve({ ...params, maxOutputTokens: params.maxOutputTokens ?? maxOutputTokens }),

    wrapGenerate: async ({ doGenerate, params }) => {
      const outcome = await withHold(ledger, request(params), async ({ hold }) => {
        const value = await current.run(hold, doGenerate);
        return { value, actual: actualOf(rates, value, { protocol: "ai-sdk" }).actual };
      });
      if (outcome.kind === "done") return outcome.value;
      throw new OverBudgetError(outcome.kind === "refused" ? outcome.lacking : []);
    },

    // The caller gets the stream while the hold is open. The hold is settled when the stream has ended.
    wrapStream: ({ doStream, params }) =>
      new Promise((resolve, reject) => {
        withHold(ledger, request(params), async ({ hold }) => {
          const { stream, ...rest } = await current.run(hold, doStream);
          const finish = await new Promise<Finish | null>((ended) => {
            resolve({ ...rest, stream: watched(stream, ended) });
          });
          return { value: null, actual: actualOf(rates, finish, { protocol: "ai-sdk" }).actual };
        }).then((outcome) => {
          if (outcome.kind !== "done")
            reject(new OverBudgetError(outcome.kind === "refused" ? outcome.lacking : []));
        }, reject);
      }),
  };
}

/** The most tokens of the text for the model; a file has no such bound. */
function boundOf({ prompt, tools }: Params): number {
  const text = JSON.stringify({ prompt, tools });
  if (text.includes('"type":"file"')) throw new TypeError("the tokens of a file have no known bound");
  return maxTokensOf(text);
}

/** The same stream. Hands on its last part, with the usage, when it has ended; `null` if it failed or was cancelled. */
function watched(stream: ReadableStream<Part>, ended: (finish: Finish | null) => void): ReadableStream<Part> {
  const reader = stream.getReader();
  let finish: Finish | null = null;
  return new ReadableStream<Part>({
    pull: async (controller) => {
      try {
        const { done, value } = await reader.read();
        if (done) {
          ended(finish);
          controller.close();
          return;
        }
        if (value.type === "finish") finish = value;
        controller.enqueue(value);
      } catch (error) {
        ended(null);
        controller.error(error);
      }
    },
    cancel: async (reason) => {
      ended(null);
      await reader.cancel(reason);
    },
  });
}

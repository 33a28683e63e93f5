import { ExternalEndpoint, SecretRef } from "dispatch-kit";
import { egressFetch } from "dispatch-kit/calls";
import { describe, expect, it } from "vitest";
import { isCredential } from "../../src/calls/egress-fetch/credentials.ts";
import { env } from "./egress-fetch-support.ts";

const endpoint = new ExternalEndpoint({
  name: "api",
  baseUrl: "https://api.example.com/v1",
  secret: new SecretRef("API_KEY"),
});

/** The headers of the caller that are sent. */
async function sent(name: string): Promise<readonly string[]> {
  let seen: readonly string[] = [];
  const fetch = (_: string, { headers }: RequestInit): Promise<Response> => {
    seen = [...new Headers(headers).keys()];
    return Promise.resolve(new Response("ok"));
  };
  const headers = { [name]: "theirs" };
  await egressFetch(endpoint, "x", { headers }, { env, log: () => null, header: "x-ours", fetch });
  return seen.filter((header) => header !== "x-ours");
}

describe("egressFetch: the caller's credentials", () => {
  it.each([
    // OpenAI and most others, Anthropic, Azure, Google.
    ...["Authorization", "x-api-key", "api-key", "anthropic-api-key", "x-openai-api-key"],
    ...[
      "x-goog-api-key",
      "x-goog-user-project",
      "x-goog-iam-authorization-token",
      "x-goog-iap-jwt-assertion",
    ],
    ...["x-goog-authenticated-user-email", "x-goog-anything-new", "X-Firebase-AppCheck"],
    ...["ocp-apim-subscription-key", "x-functions-key", "aeg-sas-token", "x-ms-authorization-auxiliary"],
    // ElevenLabs, AWS, Black Forest Labs, Modal, Fal and their gateways.
    ...["xi-api-key", "x-amz-security-token", "x-key", "modal-key", "modal-secret", "x-rapidapi-key"],
    ...["cf-aig-authorization", "cf-access-client-secret", "cf-access-jwt-assertion", "helicone-auth"],
    ...["x-portkey-api-key", "x-portkey-virtual-key", "x-vercel-oidc-token", "x-litellm-api-key"],
    // Others, and the same in other spellings.
    ...[
      "x-auth-token",
      "x-auth-key",
      "x-auth-email",
      "x-access-token",
      "private-token",
      "x-vault-token",
      "token",
    ],
    ...[
      "apikey",
      "X-ApiKey",
      "x_api_key",
      "x.api.key",
      "x-authtoken",
      "x-accesskeyid",
      "x-csrftoken",
      "x-secretkey",
    ],
    ...[
      "x-oauth",
      "x-auth2",
      "x-bearer",
      "x-password",
      "x-passwd",
      "x-jwt",
      "x-client-cert",
      "x-forwarded-client-cert",
    ],
    ...["x-hub-signature", "signature-input", "dpop", "x-otp", "x-credentials", "x-hasura-admin-secret"],
    ...["cookie", "cookie2", "set-cookie", "x-cookie", "proxy-authorization", "x-proxy-authorization"],
  ])("%s is not sent", async (name) => {
    expect(await sent(name)).toEqual([]);
  });

  it.each([
    // What the clients send of their own.
    ...[
      "x-stainless-lang",
      "x-stainless-package-version",
      "x-stainless-retry-count",
      "x-stainless-helper-method",
    ],
    ...[
      "x-stainless-timeout",
      "x-stainless-poll-helper",
      "user-agent",
      "accept",
      "content-type",
      "accept-language",
    ],
    ...["anthropic-version", "anthropic-beta", "anthropic-dangerous-direct-browser-access"],
    ...["openai-organization", "openai-project", "openai-beta", "x-client-request-id", "x-request-id"],
    ...[
      "idempotency-key",
      "x-idempotency-key",
      "x-goog-api-client",
      "x-goog-request-params",
      "x-goog-fieldmask",
      "x-goog-upload-protocol",
    ],
    ...[
      "x-fern-language",
      "x-fern-sdk-version",
      "x-client-name",
      "x-vercel-ai-user-agent",
      "speakeasy-sdk-version",
    ],
    ...[
      "http-referer",
      "x-title",
      "x-session-id",
      "mcp-session-id",
      "x-ms-client-request-id",
      "x-ms-useragent",
    ],
    ...["x-amz-date", "x-amz-target", "x-amz-content-sha256", "x-amzn-bedrock-trace", "amz-sdk-request"],
    ...[
      "x-amzn-bedrock-guardrailidentifier",
      "x-amzn-bedrock-performanceconfig-latency",
      "x-portkey-provider",
    ],
    ...[
      "traceparent",
      "tracestate",
      "baggage",
      "sentry-trace",
      "x-cloud-trace-context",
      "x-datadog-trace-id",
    ],
    // These only look like one.
    ...[
      "x-keyword",
      "x-keyboard",
      "x-monkey",
      "x-author",
      "x-authority",
      "x-tokenizer",
      "x-max-tokens",
      "x-secretary",
    ],
    ...["x-signal", "x-certainty", "x-bearing", "x-forwarded-for", "x-passage", "if-none-match", "prefer"],
  ])("%s is sent", async (name) => {
    expect(await sent(name)).toEqual([name]);
  });

  it("a long name is judged at once", () => {
    const start = performance.now();
    for (const word of ["api", "auth", "x-", "session", "accessaccount"]) isCredential(word.repeat(20_000));
    expect(performance.now() - start).toBeLessThan(1000);
  });
});

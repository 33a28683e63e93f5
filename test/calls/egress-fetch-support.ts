import { inspect } from "node:util";
import { isDispatchError } from "dispatch-kit";
import { EgressError, type EgressOptions } from "dispatch-kit/calls";
import { beforeEach, expect } from "vitest";
import { type HttpsServer, httpsServer } from "../support/https-server.ts";
import { started } from "../support/started.ts";
import { thrownBy } from "./with-hold-support.ts";

export const KEY = "sk-hunter2-t0ken";
export const env = { API_KEY: KEY };
export const quiet: EgressOptions = { env, log: () => null };

/** A server on this machine, over TLS, for the tests of a file; `arrived` counts the requests of one test. */
export function withServer(): { readonly at: () => HttpsServer; readonly arrived: () => number } {
  const at = started("server", httpsServer);
  let before = 0;
  beforeEach(() => {
    at().answer((_, response) => response.end("ok"));
    before = at().seen.length;
  });
  return { at, arrived: () => at().seen.length - before };
}

/** Everything that a program prints of an error, one way or another. */
export function printed(error: unknown): string {
  const all = { depth: Infinity, showHidden: true, maxStringLength: null };
  return [inspect(error, all), JSON.stringify(error), String(error), (error as Error).stack].join("\n");
}

/** An error of egressFetch that shows nothing that it must not. */
export async function failure(promise: Promise<unknown>): Promise<EgressError> {
  const error = await thrownBy(promise);
  expect(error).toBeInstanceOf(EgressError);
  expect(isDispatchError(error, "egress_failed")).toBe(true);
  expect(printed(error)).not.toContain(KEY);
  expect(printed(error)).not.toContain("private-path");
  return error as EgressError;
}

import { ExternalEndpoint, SecretRef } from "dispatch-kit";
import * as law from "../laws.ts";
import { isPlain } from "../values.ts";
import { type Entry, answers, none, read, valueOf } from "./entry.ts";

const secret = new SecretRef("KEY");

const baseUrl = "https://api.example.com/v1?token=t0ps3cret";

const endpoint = new ExternalEndpoint({ name: "api", baseUrl, secret });

function isSecret(result: unknown, _: readonly unknown[], [env]: readonly unknown[]): boolean {
  if (typeof result !== "string" || result.trim() === "" || /\p{Cc}/u.test(result)) return false;
  return typeof env === "function" || (typeof env === "object" && env !== null && Object.hasOwn(env, "KEY"));
}

/** Secrets and endpoints. */
export const EGRESS: Readonly<Record<string, Entry>> = {
  logEgress: {
    args: () => [endpoint, { detail: "job 42", log: () => null }],
    law: (result, [to, options = {}]) => {
      const fields = law.fieldsOf({ detail: law.orNull(law.text), log: law.or(null, law.callable) }, options);
      if (to !== endpoint || fields === law.REFUSED || !isPlain(result)) return false;
      const all = Object.values(result).join("");
      return (
        Object.isFrozen(result) && result["host"] === "api.example.com" && !/[\p{C}\p{Zl}\p{Zp}]/u.test(all)
      );
    },
  },
  "new SecretRef": {
    args: () => ["KEY"],
    law: (result, [model]) =>
      typeof model === "string" &&
      /^[A-Za-z_][A-Za-z0-9_]*$/.test(model) &&
      law.has(result, { envVar: model }),
  },
  "SecretRef#resolve": {
    self: secret,
    args: () => [{ KEY: "k-1", OTHER: "x" }],
    law: isSecret,
  },
  "new ExternalEndpoint": {
    args: () => [{ name: "api", baseUrl, secret }],
    law: (result, [model]) => {
      const url: law.Field = (model) => (/^https:\/\/[^@]+$/.test(String(model)) ? model : law.REFUSED);
      const envVar: law.Field = (model) =>
        /^[A-Za-z_]\w*$/.test(String(law.text(model))) ? model : law.REFUSED;
      const fields = law.fieldsOf(
        { name: law.words, baseUrl: url, secret: valueOf({ envVar }, secret) },
        model,
      );
      if (!read(fields)) return false;
      const found = new SecretRef((fields["secret"] as SecretRef).envVar);
      return law.has(result, {
        name: fields["name"],
        origin: "https://api.example.com",
        secret: found,
      });
    },
  },
  "ExternalEndpoint#baseUrl": {
    self: endpoint,
    args: none,
    law: answers(baseUrl),
  },
  "ExternalEndpoint#host": {
    self: endpoint,
    args: none,
    law: answers("api.example.com"),
  },
  "ExternalEndpoint#bearer": {
    self: endpoint,
    args: () => [{ KEY: "k-1", OTHER: "x" }],
    law: (result, models, values) =>
      typeof result === "string" &&
      result.startsWith("Bearer ") &&
      isSecret(result.slice("Bearer ".length), models, values),
  },
};

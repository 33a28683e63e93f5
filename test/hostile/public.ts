import * as barrel from "dispatch-kit";
import { APPROVALS } from "./table/approvals.ts";
import { EGRESS } from "./table/egress.ts";
import type { Entry } from "./table/entry.ts";
import { FLEET } from "./table/fleet.ts";
import { JOBS } from "./table/jobs.ts";
import { MONEY } from "./table/money.ts";
import { POLICY } from "./table/policy.ts";
import { RATES } from "./table/rates.ts";
import { ROUTING } from "./table/routing.ts";
import { SCOPES } from "./table/scopes.ts";

const exported: Readonly<Record<string, unknown>> = barrel;

function isClass(value: unknown): value is new (...args: never[]) => object {
  return typeof value === "function" && /^class\b/.test(Function.prototype.toString.call(value));
}

function methodsOf(owner: object): string[] {
  const ownKeys = Object.getOwnPropertyNames(owner);
  return ownKeys.filter((key) => {
    const found = Object.getOwnPropertyDescriptor(owner, key);
    return key !== "constructor" && (typeof found?.value === "function" || found?.get !== undefined);
  });
}

/** Every public function, constructor, static (`A.b`) and method or getter (`A#b`) of the package. */
export function callables(): string[] {
  return Object.entries(exported).flatMap(([name, value]) => {
    if (!isClass(value)) return typeof value === "function" ? [name] : [];
    const statics = methodsOf(value).map((key) => `${name}.${key}`);
    return [
      `new ${name}`,
      ...statics,
      ...methodsOf(value.prototype as object).map((key) => `${name}#${key}`),
    ];
  });
}

/** Every other export. */
export function constants(): string[] {
  return Object.keys(exported).filter((name) => typeof exported[name] !== "function");
}

/** A public name, as {@link callables} writes it, found before the world is bent. */
export function bound(path: string): (self: object | undefined, args: readonly unknown[]) => unknown {
  const [, made, owner = "", kind, key = ""] = /^(new )?(\w+)(?:([.#])(\w+))?$/.exec(path) ?? [];
  const target = exported[owner] as new (...args: unknown[]) => object;
  if (made !== undefined) return (_, args) => Reflect.construct(target, args);
  const holder: object = kind === "#" ? (target.prototype as object) : target;
  const found = kind === undefined ? { value: target } : Object.getOwnPropertyDescriptor(holder, key);
  if (found?.get !== undefined) return (self) => Reflect.get(holder, key, self) as unknown;
  const called = found?.value as (...args: readonly unknown[]) => unknown;
  return (self, args) => Reflect.apply(called, self, args);
}

/** Every public name, with right arguments and what may come of wrong ones. */
export const TABLE: Readonly<Record<string, Entry>> = {
  ...MONEY,
  ...SCOPES,
  ...RATES,
  ...ROUTING,
  ...JOBS,
  ...APPROVALS,
  ...POLICY,
  ...EGRESS,
  ...FLEET,
};

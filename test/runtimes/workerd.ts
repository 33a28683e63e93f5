import { readdirSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { SECRET } from "./package.ts";
import { readJson } from "./tools.ts";

/** Workers have no file system: every module is listed by name, and embedded. */
export function workerdConfig(consumer: string, { nodeCompat }: { readonly nodeCompat: boolean }): string {
  const file = nodeCompat ? "nodejs-compat.capnp" : "workerd.capnp";
  const dist = "node_modules/dispatch-kit/dist";
  const embedded = [
    // The first one is the Worker.
    ...["launch-workerd.mjs", "load.mjs", "suite.mjs", "data.mjs", "example.mjs"],
    ...listed(consumer, "suite"),
    ...listed(consumer, dist),
    ...listed(consumer, `second/${dist}`),
  ].map((name) => `(name = "${name}", esModule = embed "${name}")`);
  const flag = nodeCompat ? "nodejs_compat" : "no_nodejs_compat";
  const config = `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (services = [(name = "suite", worker = .suite)]);
const suite :Workerd.Worker = (
  compatibilityDate = "2026-11-17",
  compatibilityFlags = ["${flag}"],
  bindings = [
    (name = "DISPATCH_KIT_SECRET", text = "${SECRET}"),
    (name = "NODEJS_COMPAT", text = "${nodeCompat ? "on" : "off"}"),
  ],
  modules = [
    ${[...embedded, ...entryPoints(consumer)].join(",\n    ")},
  ],
);
`;
  writeFileSync(join(consumer, file), config);
  return file;
}

function listed(consumer: string, folder: string): readonly string[] {
  const names = readdirSync(join(consumer, folder)).filter((name) => /\.m?js$/.test(name));
  return names.map((name) => `${folder}/${name}`);
}

/** Modules named as users import them: workerd knows no node_modules and no package.json. */
function entryPoints(consumer: string): readonly string[] {
  const folder = "node_modules/dispatch-kit";
  const { exports } = readJson(join(consumer, folder, "package.json")) as {
    exports: Record<string, string | { default: string }>;
  };
  return Object.entries(exports).flatMap(([subpath, target]) => {
    if (typeof target === "string") return [];
    const name = join("dispatch-kit", subpath);
    const path = relative(dirname(name), join(folder, target.default));
    return [`(name = "${name}", esModule = "export * from './${path}';")`];
  });
}

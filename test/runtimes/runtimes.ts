import { join } from "node:path";
import type { Count } from "./count.ts";
import { SECRET } from "./package.ts";
import { run, type Tool, toolForThisSystem } from "./tools.ts";
import { workerdConfig } from "./workerd.ts";

/** One way to run the suite. */
interface Runtime {
  readonly name: string;
  /** The package that it comes in, without the system. */
  readonly from: string;
  /** The program, in that package. */
  readonly program: string;
  /** Its arguments, in the folder that the library is installed in. */
  readonly args: (consumer: string) => readonly string[];
}

const node = (major: number): Runtime => ({
  name: "node",
  from: `node-${major}`,
  program: "bin/node",
  args: () => ["launch-node.mjs"],
});

const deno = { from: "deno", program: "deno" };
const workerd = { from: "workerd", program: "bin/workerd" };

const ALL: readonly Runtime[] = [
  ...[20, 22, 24, 26].map(node),
  {
    ...deno,
    name: "deno",
    args: () => [
      ...["run", "--no-prompt", "--allow-env=DISPATCH_KIT_SECRET,DISPATCH_KIT_ABSENT"],
      ...["launch.mjs", "readable"],
    ],
  },
  {
    // A library that needs a permission to be imported or to answer would stop a service without it.
    ...deno,
    name: "deno without permissions",
    args: () => ["run", "--no-prompt", "launch.mjs", "unreadable"],
  },
  { name: "bun", from: "bun", program: "bin/bun", args: () => ["launch.mjs", "readable"] },
  {
    ...workerd,
    name: "workerd without nodejs_compat",
    args: (consumer) => ["test", workerdConfig(consumer, { nodeCompat: false })],
  },
  {
    // With it a Worker has a process.env, which is then where secrets come from by default.
    ...workerd,
    name: "workerd",
    args: (consumer) => ["test", workerdConfig(consumer, { nodeCompat: true })],
  },
];

/** Every runtime that there is for this machine; it prints which ones there are not. */
export function runtimes(): readonly (Runtime & { readonly tool: Tool })[] {
  return ALL.flatMap((runtime) => {
    const tool = toolForThisSystem(runtime.from);
    if (tool) return [{ ...runtime, tool }];
    const system = `${process.platform} ${process.arch}`;
    console.log(`skipped: ${runtime.name} (${runtime.from}), for which no package for ${system} is listed`);
    return [];
  });
}

/** Runs the suite. It ends with its counts; without them something broke before the end. */
export function runSuite(
  { name, tool, program, args }: Runtime & { readonly tool: Tool },
  consumer: string,
): [string, Count] {
  const env = { DISPATCH_KIT_SECRET: SECRET };
  const { ok, output } = run(join(tool.folder, program), args(consumer), { cwd: consumer, env });
  const title = `${name} ${tool.version}`;
  const counted = /^(\d+) passed, (\d+) failed$/m.exec(output);
  const [passed, failed] = [Number(counted?.[1] ?? 0), Number(counted?.[2] ?? 0)];
  if (ok && passed > 0 && failed === 0) return [title, { passed, failed, failures: [] }];
  const failures = output.split("\n").filter((line) => line.startsWith("FAILED "));
  if (failures.length > 0) return [title, { passed, failed: failures.length, failures }];
  return [title, { passed, failed: 1, failures: [`FAILED ${title} did not run to its end:\n${output}`] }];
}

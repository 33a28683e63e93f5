import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import type { Contestant, Load, Session } from "./contestant.ts";
import type { Step } from "./process.ts";
import { type Bench, deadTuples } from "./server.ts";

/** A load, and the number of its processes. */
export interface Setting extends Load {
  readonly processes: number;
  readonly jobs: number;
}

/** The figures of one repetition. */
export interface Run {
  readonly jobsPerSecond: number;
  readonly enqueueSeconds: number;
  readonly workSeconds: number;
  readonly walBytesPerJob: number;
  /** CPU time per job in microseconds, of the server and of this process. */
  readonly serverCpuMicros: number;
  readonly clientCpuMicros: number;
  readonly deadTuplesPerJob: number;
}

/** Runs a contestant in its own database, and measures it. */
export function measure(bench: Bench, contestant: Contestant, setting: Setting): Promise<Run> {
  return bench.within(async (url) => {
    await contestant.install(url);
    const sessions = await Promise.all(
      Array.from({ length: setting.processes }, () =>
        setting.processes === 1 ? contestant.open(url, setting) : otherProcess(contestant, url, setting),
      ),
    );
    const { jobs, processes } = setting;
    const walBefore = await bench.walBytes();
    const serverBefore = await bench.serverCpuSeconds();
    const clientBefore = process.cpuUsage();
    const enqueueSeconds = await seconds(() =>
      Promise.all(
        sessions.map((session, index) =>
          session.enqueue(
            Math.floor((index * jobs) / processes),
            Math.floor(((index + 1) * jobs) / processes),
          ),
        ),
      ),
    );
    let done = 0;
    const workSeconds = await seconds(async () => {
      const counts = await Promise.all(sessions.map((session) => session.work()));
      done = counts.reduce((sum, count) => sum + count, 0);
    });
    const walBytes = (await bench.walBytes()) - walBefore;
    const client = process.cpuUsage(clientBefore);
    const serverCpu = (await bench.serverCpuSeconds()) - serverBefore;
    await Promise.all(sessions.map((session) => session.close()));
    if (done !== jobs)
      throw new Error(`${contestant.name}: ${String(done)} of ${String(jobs)} jobs were done`);
    return {
      jobsPerSecond: jobs / (enqueueSeconds + workSeconds),
      enqueueSeconds,
      workSeconds,
      walBytesPerJob: walBytes / jobs,
      serverCpuMicros: (serverCpu * 1e6) / jobs,
      clientCpuMicros: processes === 1 ? (client.user + client.system) / jobs : NaN,
      deadTuplesPerJob: (await deadTuples(url)) / jobs,
    };
  });
}

async function seconds(run: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await run();
  return (performance.now() - start) / 1000;
}

/** The same session in its own process. */
async function otherProcess({ name }: Contestant, url: string, load: Load): Promise<Session> {
  const child = fork(new URL("process.ts", import.meta.url), {
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  await told(child, { step: "open", name, url, load: { callers: load.callers, batch: load.batch } });
  return {
    enqueue: async (from, to) => {
      await told(child, { step: "enqueue", from, to });
    },
    work: () => told(child, { step: "work" }),
    close: async () => {
      await told(child, { step: "close" });
    },
  };
}

async function told(child: ChildProcess, step: Step): Promise<number> {
  const over = new AbortController();
  const { signal } = over;
  const ended = once(child, "exit", { signal }).then(() => {
    throw new Error("a process of the benchmark ended early");
  });
  child.send(step);
  try {
    const [done] = (await Promise.race([once(child, "message", { signal }), ended])) as [number];
    return done;
  } finally {
    ended.catch(() => undefined);
    over.abort();
  }
}

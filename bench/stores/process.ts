/** One of several processes that put a load on one database; it is told each step by the one that started it. */
import { contestantNamed } from "./contestants/index.ts";
import type { Load, Session } from "./contestant.ts";

/** What a process is told; it answers each step with how many jobs it has done. */
export type Step =
  | { readonly step: "open"; readonly name: string; readonly url: string; readonly load: Load }
  | { readonly step: "enqueue"; readonly from: number; readonly to: number }
  | { readonly step: "work" }
  | { readonly step: "close" };

let session: Session | undefined;

async function take(message: Step): Promise<number> {
  if (message.step === "open") {
    session = await contestantNamed(message.name).open(message.url, message.load);
    return 0;
  }
  if (session === undefined) throw new Error("there is no session to do anything in");
  if (message.step === "enqueue") await session.enqueue(message.from, message.to);
  else if (message.step === "work") return session.work();
  else await session.close();
  return 0;
}

process.on("message", (message: Step) => {
  // What goes wrong ends the process, which its parent sees.
  void take(message).then((done) => {
    process.send?.(done);
    if (message.step === "close") process.disconnect();
  });
});

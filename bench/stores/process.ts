/** One of several processes that put a load on one database. The parent process sends it each step. */
import { contestantNamed } from "./contestants/index.ts";
import type { Load, Session } from "./contestant.ts";

/** A message of the parent; the process answers each step with its number of jobs. */
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
  if (session === undefined) throw new Error("a step came before the session was opened");
  if (message.step === "enqueue") await session.enqueue(message.from, message.to);
  else if (message.step === "work") return session.work();
  else await session.close();
  return 0;
}

process.on("message", (message: Step) => {
  // An error ends the process, and the parent notices that.
  void take(message).then((done) => {
    process.send?.(done);
    if (message.step === "close") process.disconnect();
  });
});

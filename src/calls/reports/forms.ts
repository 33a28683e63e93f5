import type { ProtocolName } from "../protocols/names.ts";
import type { Protocol, StreamRules } from "./account.ts";

/** A protocol with several forms of reports, such as those of chat and of embeddings: the first that fits is read. */
export function severalForms(name: ProtocolName, forms: readonly Protocol[], stream?: StreamRules): Protocol {
  return {
    name,
    stream,
    read: (report, context) => {
      for (const form of forms) {
        const account = form.read(report, context);
        if (account !== null) return account;
      }
      return null;
    },
  };
}

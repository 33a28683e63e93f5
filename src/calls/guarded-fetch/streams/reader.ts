import type { StreamForm } from "../../routes/route.ts";
import { awsEvents } from "./aws.ts";
import type { EventReader } from "./event.ts";
import { jsonArrayEvents, ndjsonEvents } from "./json.ts";
import { sseEvents } from "./sse.ts";

/** A reader for a form of streams. */
export function eventReader(form: Exclude<StreamForm, false>): EventReader {
  switch (form) {
    case "aws":
      return awsEvents();
    case "json-array":
      return jsonArrayEvents();
    case "ndjson":
      return ndjsonEvents();
    case "sse":
      return sseEvents();
  }
}

import { type AnyObject, isObject } from "../own-fields.ts";
import {
  type Part,
  type Protocol,
  type ReadContext,
  type StreamRules,
  UncountableError,
} from "../reports/account.ts";
import { valueAt } from "../reports/numbers.ts";
import { shapeReader, type UsageShape } from "../reports/shape.ts";
import { type Reported, tokenProtocol } from "../reports/token-protocol.ts";

/**
 * Source: `ImagesResponse.Usage`, `ImageGenCompletedEvent.Usage` and `ImageEditCompletedEvent.Usage` of the npm package
 * openai 7.57.0, `resources/images.d.ts`. DALL-E reports nothing.
 */
export const IMAGES_USAGE: UsageShape = {
  requires: [
    "input_tokens",
    "output_tokens",
    "input_tokens_details.text_tokens",
    "input_tokens_details.image_tokens",
  ],
  input: ["input_tokens"],
  output: ["output_tokens"],
  total: ["total_tokens"],
  inside: {
    inputImage: ["input_tokens_details.image_tokens"],
    outputImage: ["output_tokens_details.image_tokens"],
  },
  informs: ["input_tokens_details.text_tokens", "output_tokens_details.text_tokens"],
};

/** Source: `ImagesResponse.SvgUsage` of the same file. */
export const SVG_USAGE: UsageShape = {
  requires: ["input_tokens", "output_tokens"],
  input: ["input_tokens"],
  output: ["output_tokens"],
  total: ["total_tokens"],
  inside: { outputReasoning: ["reasoning_tokens"] },
};

/** Another model writes an SVG. Its tokens are outside the usage of the picture. */
function svgPart({ response }: Reported, { informs }: ReadContext): readonly Part[] {
  const usage = valueAt(response, "svg_usage");
  if (!isObject(usage)) return [];
  const model = valueAt(usage, "model");
  if (typeof model !== "string") throw new UncountableError("svg_usage does not name its model");
  const { usage: counted, apart } = shapeReader(SVG_USAGE).count(usage, informs);
  return [{ usage: counted, served: { model }, apart }];
}

/** Only the event at the end of a picture has its usage; the other events have a part of the picture. */
const IMAGES_STREAM: StreamRules = {
  fold: (report, event) => (isCompleted(event) ? { usage: valueAt(event, "usage") } : report),
  isLast: (event) => isCompleted(event),
};

function isCompleted(event: unknown): event is AnyObject {
  return ["image_generation.completed", "image_edit.completed"].some(
    (type) => valueAt(event, "type") === type,
  );
}

/** OpenAI's images. */
export const OPENAI_IMAGES: Protocol = /* @__PURE__ */ tokenProtocol({
  name: "openai-images",
  shape: IMAGES_USAGE,
  foreign: ["output", "choices", "content"],
  // Without details, all of the output is pictures: github.com/BerriAI/litellm/issues/18541
  adjust: (usage, { usage: report }) =>
    valueAt(report, "output_tokens_details") === undefined
      ? { ...usage, outputImageTokens: usage.outputTokens }
      : usage,
  more: svgPart,
  stream: IMAGES_STREAM,
});

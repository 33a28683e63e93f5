import type { Protocol } from "../reports/account.ts";
import { ANTHROPIC } from "./anthropic.ts";
import { GEMINI_INTERACTIONS } from "./gemini-interactions.ts";
import { GEMINI } from "./gemini.ts";
import { OPENAI_CHAT } from "./openai-chat.ts";
import { VERTEX } from "./vertex.ts";

/** Every protocol, in the order of the documentation. */
export const PROTOCOLS: readonly Protocol[] = [OPENAI_CHAT, ANTHROPIC, GEMINI, VERTEX, GEMINI_INTERACTIONS];

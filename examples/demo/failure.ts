/** The input cannot be used. The demo prints the message in one line and ends with exit code 2. */
export class InputError extends Error {
  override readonly name = "InputError";
}

/** The message of an error, without its stack. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

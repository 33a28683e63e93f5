/**
 * The words in the name of a header that say that it is a credential, also written together (`apikey`, `csrftoken`).
 *
 * A list of the names of all providers would never be complete, so the words decide. A harmless header that is dropped by
 * mistake costs a feature; a credential that is sent by mistake may belong to somebody else, who then pays.
 */
const SECRET =
  /^(?:access|account|api|app|auth|bearer|client|csrf|id|license|private|refresh|secret|security|session|user|xsrf)*(?:keys?(?:id)?|token|secrets?)$/;
const PROOF =
  /^(?:appcheck|o?auth\d*|authorization|authenticat(?:ed?|ion)|bearer|(?:client|ssl)?cert(?:ificate)?|cookies?\d*|credentials?|dpop|hmac|jwt|oidc|otp|pass(?:code|phrase|wd|word)|pwd|saml|sig|signature)$/;

/** Google's own headers name users, their tokens, and the project that pays. These do not. */
const GOOGLE = /^x-goog-(?!(?:api-client|fieldmask|request-params|upload-.*)$)/;

/** Has such a word, but is no credential: with it the provider recognises a repeated request. */
const HARMLESS = /^(?:x-)?idempotency[-_]key$/;

/**
 * Whether the name of a header, in lower case, says that it is a credential.
 *
 * The value is not looked at, and a name that says nothing about itself passes, such as `x-user`.
 */
export function isCredential(name: string): boolean {
  if (HARMLESS.test(name)) return false;
  return GOOGLE.test(name) || name.split(/[^a-z0-9]+/).some((word) => SECRET.test(word) || PROOF.test(word));
}

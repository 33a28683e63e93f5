// Values of @opentelemetry/api's enums SpanStatusCode and SpanKind.

export const ERROR = { code: 2 };
export const CLIENT = 2;
export const CONSUMER = 4;

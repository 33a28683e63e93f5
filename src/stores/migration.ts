/** A numbered step of a schema. One that was published never changes. */
export interface Migration {
  readonly version: number;
  /** Of `sql` as it stands here, with its placeholder: the schema keeps it. */
  readonly sha256: string;
  readonly sql: string;
}

-- Runs an operation on a connection that may be inside somebody's open transaction: there the first COMMIT fails (2D000),
-- before anything is answered that the other one could roll back. A function cannot tell, and a procedure that has
-- settings of its own cannot commit, so every name is qualified. A migration that replaces an operation replaces this
-- under its own version, too.
CREATE PROCEDURE {schema}.alone_v1(operation text, a text[], INOUT answer text)
LANGUAGE plpgsql AS $$
BEGIN
  COMMIT;
  CASE operation
    WHEN 'hold' THEN answer := {schema}.hold_v1(a[1]::pg_catalog.jsonb, a[2]::pg_catalog.jsonb, a[3]::pg_catalog.float8, a[4]);
    WHEN 'settle' THEN answer := {schema}.settle_v1(a[1]::pg_catalog.jsonb, a[2]::pg_catalog.float8, a[3]);
    WHEN 'release' THEN answer := {schema}.release_v1(a[1]::pg_catalog.jsonb, a[2]::pg_catalog.float8, a[3]);
    WHEN 'extend' THEN answer := {schema}.extend_v1(a[1]::pg_catalog.jsonb, a[2]::pg_catalog.float8, a[3]);
    WHEN 'expire' THEN answer := {schema}.expire_v1(a[1]::pg_catalog.int8, a[2]::pg_catalog.float8, a[3]);
    WHEN 'usage' THEN answer := {schema}.usage_v1(a[1]::pg_catalog.jsonb);
    WHEN 'get_hold' THEN answer := {schema}.get_hold_v1(a[1]::pg_catalog.jsonb);
    WHEN 'correct' THEN answer := {schema}.correct_v1(a[1]::pg_catalog.jsonb, a[2]::pg_catalog.float8, a[3]);
    WHEN 'set_cap' THEN answer := {schema}.set_cap_v1(a[1]::pg_catalog.jsonb, a[2]::pg_catalog.float8, a[3]);
    WHEN 'cap' THEN answer := {schema}.cap_v1(a[1], a[2]::pg_catalog.float8);
    WHEN 'submit' THEN answer := {schema}.submit_v1(a[1]::pg_catalog.jsonb, a[2]::pg_catalog.jsonb, a[3]::pg_catalog.float8, a[4], a[5]::pg_catalog.bool);
    WHEN 'approve' THEN answer := {schema}.approve_v1(a[1]::pg_catalog.jsonb, a[2]::pg_catalog.float8, a[3]);
    WHEN 'reject' THEN answer := {schema}.reject_v1(a[1]::pg_catalog.jsonb, a[2]::pg_catalog.float8, a[3]);
    WHEN 'cancel' THEN answer := {schema}.cancel_v1(a[1]::pg_catalog.jsonb, a[2]::pg_catalog.float8, a[3]);
    WHEN 'retry' THEN answer := {schema}.retry_v1(a[1]::pg_catalog.jsonb, a[2]::pg_catalog.float8, a[3]);
    WHEN 'set_lane' THEN answer := {schema}.set_lane_v1(a[1]::pg_catalog.jsonb, a[2]::pg_catalog.float8, a[3]);
    WHEN 'lanes' THEN answer := {schema}.lanes_v1();
    WHEN 'claim' THEN answer := {schema}.claim_v1(a[1]::pg_catalog.jsonb, a[2]::pg_catalog.float8, a[3]);
    WHEN 'renew' THEN answer := {schema}.renew_v1(a[1]::pg_catalog.jsonb, a[2]::pg_catalog.float8);
    WHEN 'complete' THEN answer := {schema}.complete_v1(a[1]::pg_catalog.jsonb, a[2]::pg_catalog.float8, a[3], a[4]::pg_catalog.bool);
    WHEN 'fail' THEN answer := {schema}.fail_v1(a[1]::pg_catalog.jsonb, a[2]::pg_catalog.float8, a[3]);
    WHEN 'recover_stale' THEN answer := {schema}.recover_stale_v1(a[1]::pg_catalog.float8, a[2]::pg_catalog.int8, a[3]::pg_catalog.int8, a[4]::pg_catalog.float8, a[5]);
    WHEN 'job' THEN answer := {schema}.job_v1(a[1]::pg_catalog.jsonb);
    WHEN 'jobs' THEN answer := {schema}.jobs_v1(a[1], a[2], a[3]::pg_catalog.int8, a[4]);
    WHEN 'prune' THEN answer := {schema}.prune_v1(a[1]::pg_catalog.float8, a[2]::pg_catalog.int8);
    WHEN 'forget' THEN answer := {schema}.forget_v1(a[1]::pg_catalog.float8, a[2]::pg_catalog.int8, a[3]::pg_catalog.float8, a[4]);
    WHEN 'id' THEN answer := {schema}.id_v1();
    WHEN 'journal' THEN answer := {schema}.journal_v1(a[1]::pg_catalog.int8, a[2]::pg_catalog.int8, a[3]::pg_catalog.int8, a[4]::pg_catalog.jsonb, a[5]::pg_catalog.float8);
    WHEN 'audit' THEN answer := {schema}.audit_v1();
    WHEN 'place_at' THEN answer := {schema}.place_at_v1(a[1]::pg_catalog.float8);
    WHEN 'scopes' THEN answer := {schema}.scopes_v1(a[1], a[2], a[3]::pg_catalog.int8, a[4]::pg_catalog.float8);
    WHEN 'holds' THEN answer := {schema}.holds_v1(a[1], a[2], a[3]::pg_catalog.int8, a[4]);
    WHEN 'attempts' THEN answer := {schema}.attempts_v1(a[1]);
    WHEN 'counts' THEN answer := {schema}.counts_v1();
    ELSE
      RAISE EXCEPTION 'the schema has no operation %', operation USING ERRCODE = 'undefined_function';
  END CASE;
END $$;

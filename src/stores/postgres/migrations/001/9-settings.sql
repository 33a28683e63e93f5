-- A session's own settings must not change what an operation means, prints or costs. Each operation goes by the
-- indexes; up to PostgreSQL 17 a plan without an index then counts as so dear that it is compiled first, which takes
-- far longer.
--
-- A plan is made once for all values, perhaps while the tables are empty. So every statement names its rows by their
-- keys, or by an index that is the only one for it, and a table is joined only to a list of keys.
DO $$
DECLARE
  operation regprocedure;
BEGIN
  FOR operation IN
    SELECT oid FROM pg_proc WHERE pronamespace = '{schema}'::regnamespace AND starts_with(reverse(proname), '1v_')
  LOOP
    EXECUTE format(
      'ALTER FUNCTION %s SET search_path = pg_catalog, pg_temp SET extra_float_digits = 1 SET enable_seqscan = off '
      'SET jit = off SET plan_cache_mode = force_generic_plan',
      operation
    );
  END LOOP;
END $$;

-- These choose between indexes: each call has a plan of its own.
ALTER FUNCTION {schema}.jobs_v1(text, text, bigint, text) SET plan_cache_mode = force_custom_plan;
ALTER FUNCTION {schema}.prune_v1(float8) SET plan_cache_mode = force_custom_plan;

-- This locks rows in the order of their ids, as it finds and joins them.
ALTER FUNCTION {schema}.complete_v1(jsonb, float8, boolean)
  SET enable_hashjoin = off SET enable_mergejoin = off SET enable_bitmapscan = off;

-- Brings a schema up to this code's version, and leaves a newer one as it is. One statement: many processes may run it
-- at once, and through a pooler.
DO $migrate$
DECLARE
  path text := pg_catalog.current_setting('search_path');
  is_known boolean;
  newest int;
  migration record;
BEGIN
  -- Names mean the same in every session.
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  -- Extra checks of plpgsql are for its authors.
  PERFORM set_config('plpgsql.extra_errors', 'none', true);
  IF current_setting('server_encoding') <> 'UTF8' THEN
    RAISE EXCEPTION USING ERRCODE = 'object_not_in_prerequisite_state',
      MESSAGE = 'the database must have the encoding UTF8, it has ' || current_setting('server_encoding')
        || ': payloads and names could not be stored as they are';
  END IF;
  PERFORM pg_advisory_xact_lock(hashtext('dispatch-kit migrates'));
  -- A role without the right to create a schema or a table can use those that are there.
  IF to_regnamespace('{schema}') IS NULL THEN
    CREATE SCHEMA {schema};
  END IF;
  IF to_regclass('{schema}.migrations') IS NULL THEN
    CREATE TABLE {schema}.migrations (
      version int PRIMARY KEY,
      sha256 text NOT NULL,
      at timestamptz NOT NULL DEFAULT now()
    );
  END IF;

  -- A version that was never published kept no digests, or others.
  is_known := EXISTS (
    SELECT FROM pg_attribute
      WHERE attrelid = '{schema}.migrations'::regclass AND attname = 'sha256' AND NOT attisdropped
  );
  IF is_known THEN
    SELECT coalesce(max(m.version), 0), bool_and(m.sha256 IS NOT NULL) IS NOT FALSE INTO newest, is_known
      FROM {schema}.migrations AS m;
    FOR migration IN SELECT * FROM (VALUES {migrations}) AS m (version, sha256, sql) ORDER BY m.version LOOP
      IF migration.version > newest THEN
        EXECUTE migration.sql;
        INSERT INTO {schema}.migrations (version, sha256) VALUES (migration.version, migration.sha256);
      ELSE
        is_known := is_known AND EXISTS (
          SELECT FROM {schema}.migrations AS m WHERE m.version = migration.version AND m.sha256 = migration.sha256
        );
      END IF;
    END LOOP;
  END IF;
  IF NOT is_known THEN
    RAISE EXCEPTION USING ERRCODE = 'object_not_in_prerequisite_state',
      MESSAGE = 'the schema {schema} was made by a version of dispatch-kit that was never published; '
        || 'drop it, or name another one, and call migrate() again';
  END IF;
  PERFORM set_config('search_path', path, true);
END $migrate$

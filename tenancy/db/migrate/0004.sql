-- 4: every row is bound to an event of the log
-- oldest: 4
-- What a secret is, committed to, and its sealed copy. Erasing a client empties
-- salt and copy.
CREATE TABLE secret_copy (
    secret_id   TEXT   NOT NULL PRIMARY KEY REFERENCES client_secret (secret_id),
    commitment  BYTEA  NOT NULL CHECK (length(commitment) = 32), -- SHA-256(salt, hash, last4 and copies)
    salt        BYTEA  NOT NULL, -- 32 bytes
    sealed      BYTEA  NOT NULL, -- recoverable copy under the sealing key, bound to client and hash; empty without one
    recorded_at BIGINT NOT NULL
);
-- +sqlite
CREATE TRIGGER secret_copy_no_update BEFORE UPDATE ON secret_copy WHEN NOT (EXISTS (SELECT 1 FROM client_secret c JOIN erasure x ON x.ref = c.entity_id
    WHERE c.secret_id = OLD.secret_id) AND length(NEW.salt) = 0 AND length(NEW.sealed) = 0 AND NEW.secret_id = OLD.secret_id
    AND NEW.commitment = OLD.commitment AND NEW.recorded_at = OLD.recorded_at)
    BEGIN SELECT RAISE(ABORT, 'immutable: secret_copy'); END;
CREATE TRIGGER secret_copy_no_delete BEFORE DELETE ON secret_copy BEGIN SELECT RAISE(ABORT, 'immutable: secret_copy'); END;
-- +end
-- +postgres
CREATE FUNCTION refuse_secret_copy() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF EXISTS (SELECT 1 FROM client_secret c JOIN erasure x ON x.ref = c.entity_id WHERE c.secret_id = OLD.secret_id)
            AND length(NEW.salt) = 0 AND length(NEW.sealed) = 0 AND NEW.secret_id = OLD.secret_id
            AND NEW.commitment = OLD.commitment AND NEW.recorded_at = OLD.recorded_at THEN RETURN NEW; END IF;
    END IF;
    RAISE EXCEPTION 'immutable: %', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER secret_copy_no_change BEFORE UPDATE OR DELETE ON secret_copy FOR EACH ROW EXECUTE FUNCTION refuse_secret_copy();
CREATE TRIGGER secret_copy_no_truncate BEFORE TRUNCATE ON secret_copy FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
-- +end
-- A log that has an origin and never signed anything may sign its first checkpoint.
INSERT INTO installation (name, value) SELECT 'log-origin-unsigned', value FROM installation
    WHERE name = 'log-origin' AND NOT EXISTS (SELECT 1 FROM log_checkpoint WHERE substr(note, 1, length(value) + 1) = value || '
');

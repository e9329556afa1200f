-- The whole schema of Tenure, in the SQL that SQLite and PostgreSQL share:
-- TEXT, BIGINT, SMALLINT and BYTEA only; ids are made by the application;
-- instants are integers (valid_from in milliseconds, everything else in
-- microseconds since 1970, UTC); JSON is exact bytes in TEXT. The blocks
-- between "-- +sqlite" or "-- +postgres" and "-- +end" are the only
-- statements for one engine: the triggers that refuse change.

CREATE TABLE schema_version (
    version BIGINT NOT NULL PRIMARY KEY
);
INSERT INTO schema_version (version) VALUES (4);

-- What belongs to this installation as a whole: ids of its keys, its log's origin.
CREATE TABLE installation (
    name  TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);

-- The log (RFC 6962 tree). log_head is the one hot row: locking it orders all writes.
CREATE TABLE log_head (
    log_id   BIGINT NOT NULL PRIMARY KEY,
    size     BIGINT NOT NULL,
    frontier BYTEA  NOT NULL, -- compact range of the tree, 32 bytes a node
    root     BYTEA  NOT NULL CHECK (length(root) = 32),
    clock    BIGINT NOT NULL  -- last instant given out, microseconds
);

-- One row a change: who did what to which object, and its leaf.
CREATE TABLE log_event (
    idx          BIGINT NOT NULL PRIMARY KEY,
    leaf_hash    BYTEA  NOT NULL CHECK (length(leaf_hash) = 32),
    commitment   BYTEA  NOT NULL CHECK (length(commitment) = 32), -- SHA-256(salt, envelope)
    salt         BYTEA  NOT NULL CHECK (length(salt) = 32),
    envelope     TEXT   NOT NULL,
    kind         TEXT   NOT NULL,
    object_id    TEXT   NOT NULL,
    object_seq   BIGINT NOT NULL,
    ref          TEXT   NOT NULL, -- the row the event is about: snapshot, secret, key
    org_id       TEXT   NOT NULL, -- owner of the object when it happened
    actor        TEXT   NOT NULL,
    recorded_at  BIGINT NOT NULL
);
CREATE UNIQUE INDEX log_event_object ON log_event (object_id, object_seq);
CREATE INDEX log_event_ref ON log_event (ref);
CREATE INDEX log_event_org ON log_event (org_id, idx);

-- What an event says beyond its envelope; erasable, hence apart.
CREATE TABLE log_detail (
    idx     BIGINT NOT NULL PRIMARY KEY,
    salt    BYTEA  NOT NULL CHECK (length(salt) = 32),
    content TEXT   NOT NULL
);

-- Full tiles of 256 hashes (C2SP tlog-tiles), written once.
CREATE TABLE log_tile (
    level BIGINT NOT NULL,
    n     BIGINT NOT NULL,
    data  BYTEA  NOT NULL CHECK (length(data) = 8192),
    PRIMARY KEY (level, n)
);

CREATE TABLE log_checkpoint (
    size        BIGINT NOT NULL PRIMARY KEY,
    note        TEXT   NOT NULL,
    recorded_at BIGINT NOT NULL
);

-- Organizations: the newest version of an org_id counts.
CREATE TABLE org_version (
    org_id           TEXT     NOT NULL,
    seq              BIGINT   NOT NULL,
    parent_id        TEXT     NOT NULL, -- '' for the root
    name             TEXT     NOT NULL,
    default_setup_id TEXT     NOT NULL, -- '' for the nearest ancestor's
    token_duration   BIGINT   NOT NULL, -- seconds; 0 for the dialect's own
    max_below        BIGINT   NOT NULL, -- organizations below it; -1 for any number
    persons_pool     TEXT     NOT NULL, -- organization whose pool it shares, '' for its own
    groups_pool      TEXT     NOT NULL,
    inherits_rbac    SMALLINT NOT NULL,
    require_reason   SMALLINT NOT NULL, -- of every change of it and below it
    deleted          SMALLINT NOT NULL,
    recorded_at      BIGINT   NOT NULL,
    PRIMARY KEY (org_id, seq)
);
CREATE INDEX org_version_parent ON org_version (parent_id, org_id);

-- Which organization is a participant of a directory (Open Finance), below the
-- one whose setup it registered in; the newest that is not deleted counts.
CREATE TABLE participant (
    parent_id   TEXT   NOT NULL,
    code        TEXT   NOT NULL, -- the directory's id of it
    org_id      TEXT   NOT NULL,
    recorded_at BIGINT NOT NULL,
    PRIMARY KEY (parent_id, code, org_id)
);

CREATE TABLE api_key (
    key_id      TEXT   NOT NULL PRIMARY KEY,
    org_id      TEXT   NOT NULL,
    name        TEXT   NOT NULL,
    role        TEXT   NOT NULL CHECK (role IN ('reader', 'auditor', 'editor', 'admin')),
    surface     TEXT   NOT NULL, -- which API made it
    hash        BYTEA  NOT NULL UNIQUE CHECK (length(hash) = 32),
    expires_at  BIGINT NOT NULL, -- 0 for never
    recorded_at BIGINT NOT NULL
);
CREATE INDEX api_key_org ON api_key (org_id, key_id);

CREATE TABLE key_revocation (
    key_id      TEXT   NOT NULL PRIMARY KEY,
    recorded_at BIGINT NOT NULL
);

-- Last use of a key: mutable, in no log and no answer's tag.
CREATE TABLE key_use (
    key_id    TEXT   NOT NULL PRIMARY KEY,
    last_used BIGINT NOT NULL
);

CREATE TABLE module (
    name        TEXT   NOT NULL PRIMARY KEY,
    recorded_at BIGINT NOT NULL
);

CREATE TABLE setup_policy (
    setup_id    TEXT   NOT NULL,
    seq         BIGINT NOT NULL,
    content     TEXT   NOT NULL,
    recorded_at BIGINT NOT NULL,
    PRIMARY KEY (setup_id, seq)
);

-- Setups, resource servers and clients: what they are, not what they say.
CREATE TABLE entity (
    entity_id   TEXT   NOT NULL PRIMARY KEY,
    kind        TEXT   NOT NULL CHECK (kind IN ('setup', 'resource_server', 'client')),
    module      TEXT   NOT NULL,
    setup_id    TEXT   NOT NULL, -- its own id for a setup
    client_id   TEXT   NOT NULL, -- OAuth client_id; the entity_id for the other kinds
    incarnation BIGINT NOT NULL, -- 1, and one more for each registration after a deletion
    org_id      TEXT   NOT NULL, -- owner
    surface     TEXT   NOT NULL, -- which API registered it
    recorded_at BIGINT NOT NULL,
    UNIQUE (setup_id, kind, client_id, incarnation)
);
CREATE INDEX entity_owner ON entity (setup_id, kind, org_id, client_id);
CREATE INDEX entity_module ON entity (kind, module, recorded_at);
CREATE INDEX entity_client_id ON entity (client_id);
CREATE INDEX entity_org ON entity (kind, org_id, recorded_at, entity_id);

-- When a client last proved who it is: mutable, in no log and no answer's tag.
CREATE TABLE client_use (
    entity_id TEXT   NOT NULL PRIMARY KEY,
    last_used BIGINT NOT NULL
);

-- Who was first shown which version of a client when, where an operator wants
-- that kept: beside the log, in no proof and no answer's tag.
CREATE TABLE client_read (
    entity_id   TEXT   NOT NULL,
    key_id      TEXT   NOT NULL,
    snapshot_id TEXT   NOT NULL,
    first_at    BIGINT NOT NULL,
    PRIMARY KEY (key_id, snapshot_id)
);
CREATE INDEX client_read_entity ON client_read (entity_id, first_at);

CREATE TABLE snapshot (
    module      TEXT     NOT NULL,
    setup_id    TEXT     NOT NULL,
    entity_id   TEXT     NOT NULL REFERENCES entity (entity_id),
    valid_from  BIGINT   NOT NULL,
    attempt     BIGINT   NOT NULL, -- counts plans for one instant after a withdrawal
    snapshot_id TEXT     NOT NULL UNIQUE,
    kind        TEXT     NOT NULL CHECK (kind IN ('content', 'tombstone')),
    base_id     TEXT     NOT NULL, -- '' for the first
    commitment  BYTEA    NOT NULL CHECK (length(commitment) = 32),
    imported    SMALLINT NOT NULL,
    recorded_at BIGINT   NOT NULL,
    PRIMARY KEY (module, setup_id, entity_id, valid_from, attempt)
);

-- Content and salt stand apart, so that erasing them leaves every proof valid.
CREATE TABLE snapshot_body (
    snapshot_id TEXT  NOT NULL PRIMARY KEY REFERENCES snapshot (snapshot_id),
    salt        BYTEA NOT NULL CHECK (length(salt) = 32),
    content     TEXT  NOT NULL
);

CREATE TABLE withdrawal (
    snapshot_id TEXT   NOT NULL PRIMARY KEY REFERENCES snapshot (snapshot_id),
    recorded_at BIGINT NOT NULL
);

-- What may be deleted from snapshot_body, log_detail and entity_term, and of
-- which client the secrets may be emptied: hash, sealed and last4.
CREATE TABLE erasure (
    ref         TEXT   NOT NULL PRIMARY KEY, -- a snapshot_id, entity_id or log index
    recorded_at BIGINT NOT NULL
);

-- Values that any snapshot of an entity ever had, for list filters; candidates
-- are confirmed by resolving.
CREATE TABLE entity_term (
    bucket    TEXT NOT NULL, -- the setup_id; the module for setups themselves
    field     TEXT NOT NULL,
    value     TEXT NOT NULL, -- the first 256 bytes
    entity_id TEXT NOT NULL,
    PRIMARY KEY (bucket, field, value, entity_id)
);
CREATE INDEX entity_term_entity ON entity_term (entity_id);

CREATE TABLE client_secret (
    secret_id   TEXT   NOT NULL PRIMARY KEY,
    entity_id   TEXT   NOT NULL REFERENCES entity (entity_id),
    snapshot_id TEXT   NOT NULL, -- the scheduled snapshot it starts with, or ''
    hash        TEXT   NOT NULL,
    sealed      BYTEA  NOT NULL, -- empty, but for what schema version 3 kept here
    last4       TEXT   NOT NULL,
    valid_from  BIGINT NOT NULL,
    recorded_at BIGINT NOT NULL
);
CREATE INDEX client_secret_entity ON client_secret (entity_id, valid_from);

-- What a secret is, committed to, and its sealed copy. Erasing a client empties
-- salt and copy.
CREATE TABLE secret_copy (
    secret_id   TEXT   NOT NULL PRIMARY KEY REFERENCES client_secret (secret_id),
    commitment  BYTEA  NOT NULL CHECK (length(commitment) = 32), -- SHA-256(salt, hash, last4 and copies)
    salt        BYTEA  NOT NULL, -- 32 bytes
    sealed      BYTEA  NOT NULL, -- recoverable copy under the sealing key, bound to client and hash; empty without one
    recorded_at BIGINT NOT NULL
);

-- A secret ends at the smallest ends_at that stands for it. A secret, or an
-- end, that came with a snapshot is void once that is withdrawn.
CREATE TABLE secret_end (
    secret_id   TEXT   NOT NULL REFERENCES client_secret (secret_id),
    snapshot_id TEXT   NOT NULL, -- the scheduled snapshot it comes with, or ''
    ends_at     BIGINT NOT NULL,
    recorded_at BIGINT NOT NULL,
    PRIMARY KEY (secret_id, recorded_at)
);

-- Registration access tokens (RFC 7592): 256 random bits, hash only.
CREATE TABLE registration_token (
    token_id    TEXT   NOT NULL PRIMARY KEY,
    entity_id   TEXT   NOT NULL REFERENCES entity (entity_id),
    surface     TEXT   NOT NULL, -- the API that it works at
    hash        BYTEA  NOT NULL UNIQUE CHECK (length(hash) = 32),
    recorded_at BIGINT NOT NULL
);
CREATE INDEX registration_token_entity ON registration_token (entity_id);

CREATE TABLE registration_token_end (
    token_id    TEXT   NOT NULL PRIMARY KEY REFERENCES registration_token (token_id),
    recorded_at BIGINT NOT NULL
);

-- Initial access tokens: who may register into a setup, and what each did.
CREATE TABLE initial_token (
    token_id    TEXT   NOT NULL PRIMARY KEY,
    setup_id    TEXT   NOT NULL,
    name        TEXT   NOT NULL,
    hash        BYTEA  NOT NULL UNIQUE CHECK (length(hash) = 32),
    max_uses    BIGINT NOT NULL, -- 0 for any number
    expires_at  BIGINT NOT NULL, -- 0 for never
    recorded_at BIGINT NOT NULL
);
CREATE INDEX initial_token_setup ON initial_token (setup_id);

CREATE TABLE initial_token_use (
    token_id    TEXT   NOT NULL REFERENCES initial_token (token_id),
    entity_id   TEXT   NOT NULL REFERENCES entity (entity_id),
    recorded_at BIGINT NOT NULL,
    PRIMARY KEY (token_id, entity_id)
);

CREATE TABLE initial_token_end (
    token_id    TEXT   NOT NULL PRIMARY KEY REFERENCES initial_token (token_id),
    recorded_at BIGINT NOT NULL
);

CREATE TABLE idempotency (
    key_id      TEXT   NOT NULL,
    route       TEXT   NOT NULL,
    idem_key    TEXT   NOT NULL,
    request_mac BYTEA  NOT NULL CHECK (length(request_mac) = 32),
    result      TEXT   NOT NULL,
    expires_at  BIGINT NOT NULL,
    PRIMARY KEY (key_id, route, idem_key)
);
CREATE INDEX idempotency_expires ON idempotency (expires_at);

-- Nothing in these tables is ever changed or removed.
-- +sqlite
CREATE TRIGGER schema_version_no_update BEFORE UPDATE ON schema_version BEGIN SELECT RAISE(ABORT, 'immutable: schema_version'); END;
CREATE TRIGGER schema_version_no_delete BEFORE DELETE ON schema_version BEGIN SELECT RAISE(ABORT, 'immutable: schema_version'); END;
CREATE TRIGGER log_event_no_update BEFORE UPDATE ON log_event BEGIN SELECT RAISE(ABORT, 'immutable: log_event'); END;
CREATE TRIGGER log_event_no_delete BEFORE DELETE ON log_event BEGIN SELECT RAISE(ABORT, 'immutable: log_event'); END;
CREATE TRIGGER log_tile_no_update BEFORE UPDATE ON log_tile BEGIN SELECT RAISE(ABORT, 'immutable: log_tile'); END;
CREATE TRIGGER log_tile_no_delete BEFORE DELETE ON log_tile BEGIN SELECT RAISE(ABORT, 'immutable: log_tile'); END;
CREATE TRIGGER log_checkpoint_no_update BEFORE UPDATE ON log_checkpoint BEGIN SELECT RAISE(ABORT, 'immutable: log_checkpoint'); END;
CREATE TRIGGER log_checkpoint_no_delete BEFORE DELETE ON log_checkpoint BEGIN SELECT RAISE(ABORT, 'immutable: log_checkpoint'); END;
CREATE TRIGGER org_version_no_update BEFORE UPDATE ON org_version BEGIN SELECT RAISE(ABORT, 'immutable: org_version'); END;
CREATE TRIGGER org_version_no_delete BEFORE DELETE ON org_version BEGIN SELECT RAISE(ABORT, 'immutable: org_version'); END;
CREATE TRIGGER participant_no_update BEFORE UPDATE ON participant BEGIN SELECT RAISE(ABORT, 'immutable: participant'); END;
CREATE TRIGGER participant_no_delete BEFORE DELETE ON participant BEGIN SELECT RAISE(ABORT, 'immutable: participant'); END;
CREATE TRIGGER api_key_no_update BEFORE UPDATE ON api_key BEGIN SELECT RAISE(ABORT, 'immutable: api_key'); END;
CREATE TRIGGER api_key_no_delete BEFORE DELETE ON api_key BEGIN SELECT RAISE(ABORT, 'immutable: api_key'); END;
CREATE TRIGGER key_revocation_no_update BEFORE UPDATE ON key_revocation BEGIN SELECT RAISE(ABORT, 'immutable: key_revocation'); END;
CREATE TRIGGER key_revocation_no_delete BEFORE DELETE ON key_revocation BEGIN SELECT RAISE(ABORT, 'immutable: key_revocation'); END;
CREATE TRIGGER module_no_update BEFORE UPDATE ON module BEGIN SELECT RAISE(ABORT, 'immutable: module'); END;
CREATE TRIGGER module_no_delete BEFORE DELETE ON module BEGIN SELECT RAISE(ABORT, 'immutable: module'); END;
CREATE TRIGGER setup_policy_no_update BEFORE UPDATE ON setup_policy BEGIN SELECT RAISE(ABORT, 'immutable: setup_policy'); END;
CREATE TRIGGER setup_policy_no_delete BEFORE DELETE ON setup_policy BEGIN SELECT RAISE(ABORT, 'immutable: setup_policy'); END;
CREATE TRIGGER entity_no_update BEFORE UPDATE ON entity BEGIN SELECT RAISE(ABORT, 'immutable: entity'); END;
CREATE TRIGGER entity_no_delete BEFORE DELETE ON entity BEGIN SELECT RAISE(ABORT, 'immutable: entity'); END;
CREATE TRIGGER snapshot_no_update BEFORE UPDATE ON snapshot BEGIN SELECT RAISE(ABORT, 'immutable: snapshot'); END;
CREATE TRIGGER snapshot_no_delete BEFORE DELETE ON snapshot BEGIN SELECT RAISE(ABORT, 'immutable: snapshot'); END;
CREATE TRIGGER withdrawal_no_update BEFORE UPDATE ON withdrawal BEGIN SELECT RAISE(ABORT, 'immutable: withdrawal'); END;
CREATE TRIGGER withdrawal_no_delete BEFORE DELETE ON withdrawal BEGIN SELECT RAISE(ABORT, 'immutable: withdrawal'); END;
CREATE TRIGGER erasure_no_update BEFORE UPDATE ON erasure BEGIN SELECT RAISE(ABORT, 'immutable: erasure'); END;
CREATE TRIGGER erasure_no_delete BEFORE DELETE ON erasure BEGIN SELECT RAISE(ABORT, 'immutable: erasure'); END;
CREATE TRIGGER client_secret_no_update BEFORE UPDATE ON client_secret WHEN NOT (EXISTS (SELECT 1 FROM erasure WHERE ref = OLD.entity_id)
    AND NEW.hash = '' AND length(NEW.sealed) = 0 AND NEW.last4 = '' AND NEW.secret_id = OLD.secret_id AND NEW.entity_id = OLD.entity_id
    AND NEW.snapshot_id = OLD.snapshot_id AND NEW.valid_from = OLD.valid_from AND NEW.recorded_at = OLD.recorded_at)
    BEGIN SELECT RAISE(ABORT, 'immutable: client_secret'); END;
CREATE TRIGGER client_secret_no_delete BEFORE DELETE ON client_secret BEGIN SELECT RAISE(ABORT, 'immutable: client_secret'); END;
CREATE TRIGGER secret_end_no_update BEFORE UPDATE ON secret_end BEGIN SELECT RAISE(ABORT, 'immutable: secret_end'); END;
CREATE TRIGGER secret_end_no_delete BEFORE DELETE ON secret_end BEGIN SELECT RAISE(ABORT, 'immutable: secret_end'); END;
CREATE TRIGGER snapshot_body_no_update BEFORE UPDATE ON snapshot_body BEGIN SELECT RAISE(ABORT, 'immutable: snapshot_body'); END;
CREATE TRIGGER snapshot_body_no_delete BEFORE DELETE ON snapshot_body WHEN NOT EXISTS (SELECT 1 FROM erasure WHERE ref = OLD.snapshot_id)
    BEGIN SELECT RAISE(ABORT, 'immutable: snapshot_body'); END;
CREATE TRIGGER log_detail_no_update BEFORE UPDATE ON log_detail BEGIN SELECT RAISE(ABORT, 'immutable: log_detail'); END;
CREATE TRIGGER log_detail_no_delete BEFORE DELETE ON log_detail WHEN NOT EXISTS (SELECT 1 FROM erasure WHERE ref = CAST(OLD.idx AS TEXT))
    BEGIN SELECT RAISE(ABORT, 'immutable: log_detail'); END;
CREATE TRIGGER entity_term_no_update BEFORE UPDATE ON entity_term BEGIN SELECT RAISE(ABORT, 'immutable: entity_term'); END;
CREATE TRIGGER entity_term_no_delete BEFORE DELETE ON entity_term WHEN NOT EXISTS (SELECT 1 FROM erasure WHERE ref = OLD.entity_id)
    BEGIN SELECT RAISE(ABORT, 'immutable: entity_term'); END;
CREATE TRIGGER registration_token_no_update BEFORE UPDATE ON registration_token BEGIN SELECT RAISE(ABORT, 'immutable: registration_token'); END;
CREATE TRIGGER registration_token_no_delete BEFORE DELETE ON registration_token BEGIN SELECT RAISE(ABORT, 'immutable: registration_token'); END;
CREATE TRIGGER registration_token_end_no_update BEFORE UPDATE ON registration_token_end BEGIN SELECT RAISE(ABORT, 'immutable: registration_token_end'); END;
CREATE TRIGGER registration_token_end_no_delete BEFORE DELETE ON registration_token_end BEGIN SELECT RAISE(ABORT, 'immutable: registration_token_end'); END;
CREATE TRIGGER initial_token_no_update BEFORE UPDATE ON initial_token BEGIN SELECT RAISE(ABORT, 'immutable: initial_token'); END;
CREATE TRIGGER initial_token_no_delete BEFORE DELETE ON initial_token BEGIN SELECT RAISE(ABORT, 'immutable: initial_token'); END;
CREATE TRIGGER initial_token_use_no_update BEFORE UPDATE ON initial_token_use BEGIN SELECT RAISE(ABORT, 'immutable: initial_token_use'); END;
CREATE TRIGGER initial_token_use_no_delete BEFORE DELETE ON initial_token_use BEGIN SELECT RAISE(ABORT, 'immutable: initial_token_use'); END;
CREATE TRIGGER initial_token_end_no_update BEFORE UPDATE ON initial_token_end BEGIN SELECT RAISE(ABORT, 'immutable: initial_token_end'); END;
CREATE TRIGGER initial_token_end_no_delete BEFORE DELETE ON initial_token_end BEGIN SELECT RAISE(ABORT, 'immutable: initial_token_end'); END;
CREATE TRIGGER secret_copy_no_update BEFORE UPDATE ON secret_copy WHEN NOT (EXISTS (SELECT 1 FROM client_secret c JOIN erasure x ON x.ref = c.entity_id
    WHERE c.secret_id = OLD.secret_id) AND length(NEW.salt) = 0 AND length(NEW.sealed) = 0 AND NEW.secret_id = OLD.secret_id
    AND NEW.commitment = OLD.commitment AND NEW.recorded_at = OLD.recorded_at)
    BEGIN SELECT RAISE(ABORT, 'immutable: secret_copy'); END;
CREATE TRIGGER secret_copy_no_delete BEFORE DELETE ON secret_copy BEGIN SELECT RAISE(ABORT, 'immutable: secret_copy'); END;
-- +end

-- +postgres
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'immutable: %', TG_TABLE_NAME USING ERRCODE = 'restrict_violation'; END $$;
CREATE TRIGGER schema_version_no_change BEFORE UPDATE OR DELETE ON schema_version FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER log_event_no_change BEFORE UPDATE OR DELETE ON log_event FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER log_tile_no_change BEFORE UPDATE OR DELETE ON log_tile FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER log_checkpoint_no_change BEFORE UPDATE OR DELETE ON log_checkpoint FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER org_version_no_change BEFORE UPDATE OR DELETE ON org_version FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER participant_no_change BEFORE UPDATE OR DELETE ON participant FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER api_key_no_change BEFORE UPDATE OR DELETE ON api_key FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER key_revocation_no_change BEFORE UPDATE OR DELETE ON key_revocation FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER module_no_change BEFORE UPDATE OR DELETE ON module FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER setup_policy_no_change BEFORE UPDATE OR DELETE ON setup_policy FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER entity_no_change BEFORE UPDATE OR DELETE ON entity FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER snapshot_no_change BEFORE UPDATE OR DELETE ON snapshot FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER withdrawal_no_change BEFORE UPDATE OR DELETE ON withdrawal FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER erasure_no_change BEFORE UPDATE OR DELETE ON erasure FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE FUNCTION refuse_client_secret() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF EXISTS (SELECT 1 FROM erasure WHERE ref = OLD.entity_id) AND NEW.hash = '' AND length(NEW.sealed) = 0 AND NEW.last4 = ''
            AND NEW.secret_id = OLD.secret_id AND NEW.entity_id = OLD.entity_id AND NEW.snapshot_id = OLD.snapshot_id
            AND NEW.valid_from = OLD.valid_from AND NEW.recorded_at = OLD.recorded_at THEN RETURN NEW; END IF;
    END IF;
    RAISE EXCEPTION 'immutable: %', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER client_secret_no_change BEFORE UPDATE OR DELETE ON client_secret FOR EACH ROW EXECUTE FUNCTION refuse_client_secret();
CREATE TRIGGER secret_end_no_change BEFORE UPDATE OR DELETE ON secret_end FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE FUNCTION refuse_snapshot_body() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM erasure WHERE ref = OLD.snapshot_id) THEN RETURN OLD; END IF;
    RAISE EXCEPTION 'immutable: %', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER snapshot_body_no_update BEFORE UPDATE ON snapshot_body FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER snapshot_body_no_delete BEFORE DELETE ON snapshot_body FOR EACH ROW EXECUTE FUNCTION refuse_snapshot_body();
CREATE FUNCTION refuse_log_detail() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM erasure WHERE ref = CAST(OLD.idx AS TEXT)) THEN RETURN OLD; END IF;
    RAISE EXCEPTION 'immutable: %', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER log_detail_no_update BEFORE UPDATE ON log_detail FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER log_detail_no_delete BEFORE DELETE ON log_detail FOR EACH ROW EXECUTE FUNCTION refuse_log_detail();
CREATE FUNCTION refuse_entity_term() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM erasure WHERE ref = OLD.entity_id) THEN RETURN OLD; END IF;
    RAISE EXCEPTION 'immutable: %', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER entity_term_no_update BEFORE UPDATE ON entity_term FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER entity_term_no_delete BEFORE DELETE ON entity_term FOR EACH ROW EXECUTE FUNCTION refuse_entity_term();
CREATE TRIGGER schema_version_no_truncate BEFORE TRUNCATE ON schema_version FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER log_event_no_truncate BEFORE TRUNCATE ON log_event FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER log_tile_no_truncate BEFORE TRUNCATE ON log_tile FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER log_checkpoint_no_truncate BEFORE TRUNCATE ON log_checkpoint FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER org_version_no_truncate BEFORE TRUNCATE ON org_version FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER participant_no_truncate BEFORE TRUNCATE ON participant FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER api_key_no_truncate BEFORE TRUNCATE ON api_key FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER key_revocation_no_truncate BEFORE TRUNCATE ON key_revocation FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER module_no_truncate BEFORE TRUNCATE ON module FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER setup_policy_no_truncate BEFORE TRUNCATE ON setup_policy FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER entity_no_truncate BEFORE TRUNCATE ON entity FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER snapshot_no_truncate BEFORE TRUNCATE ON snapshot FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER withdrawal_no_truncate BEFORE TRUNCATE ON withdrawal FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER erasure_no_truncate BEFORE TRUNCATE ON erasure FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER client_secret_no_truncate BEFORE TRUNCATE ON client_secret FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER secret_end_no_truncate BEFORE TRUNCATE ON secret_end FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER snapshot_body_no_truncate BEFORE TRUNCATE ON snapshot_body FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER log_detail_no_truncate BEFORE TRUNCATE ON log_detail FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER entity_term_no_truncate BEFORE TRUNCATE ON entity_term FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER registration_token_no_change BEFORE UPDATE OR DELETE ON registration_token FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER registration_token_no_truncate BEFORE TRUNCATE ON registration_token FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER registration_token_end_no_change BEFORE UPDATE OR DELETE ON registration_token_end FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER registration_token_end_no_truncate BEFORE TRUNCATE ON registration_token_end FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER initial_token_no_change BEFORE UPDATE OR DELETE ON initial_token FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER initial_token_no_truncate BEFORE TRUNCATE ON initial_token FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER initial_token_use_no_change BEFORE UPDATE OR DELETE ON initial_token_use FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER initial_token_use_no_truncate BEFORE TRUNCATE ON initial_token_use FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER initial_token_end_no_change BEFORE UPDATE OR DELETE ON initial_token_end FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER initial_token_end_no_truncate BEFORE TRUNCATE ON initial_token_end FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
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

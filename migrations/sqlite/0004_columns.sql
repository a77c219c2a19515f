-- oldest: 3
-- Columns and tables of features to come, decided in docs/decisions/052-columns-decided-once.md.
ALTER TABLE counterfoil_migration ADD COLUMN oldest INTEGER;

ALTER TABLE counterfoil_session ADD COLUMN persistent INTEGER;
ALTER TABLE counterfoil_session ADD COLUMN amr TEXT;
ALTER TABLE counterfoil_session ADD COLUMN actor_key TEXT;
ALTER TABLE counterfoil_session ADD COLUMN actor_handle TEXT;
ALTER TABLE counterfoil_session ADD COLUMN label TEXT;
ALTER TABLE counterfoil_session ADD COLUMN known_device INTEGER;
ALTER TABLE counterfoil_session ADD COLUMN device_ip TEXT;
ALTER TABLE counterfoil_session ADD COLUMN device_agent TEXT;
ALTER TABLE counterfoil_session ADD COLUMN binding TEXT;
ALTER TABLE counterfoil_session ADD COLUMN binding_algorithm TEXT;
ALTER TABLE counterfoil_session ADD COLUMN binding_key TEXT;
ALTER TABLE counterfoil_session ADD COLUMN binding_challenge TEXT;
ALTER TABLE counterfoil_session ADD COLUMN binding_prior_challenge TEXT;

-- The log of revocations, in the order of the store's time.
CREATE TABLE counterfoil_revocation (
  logged_at      INTEGER NOT NULL,
  id             TEXT    NOT NULL,
  kind           INTEGER NOT NULL,
  subject        TEXT    NOT NULL,
  except_handle  TEXT,
  claims_version INTEGER,
  expires_at     INTEGER NOT NULL,
  PRIMARY KEY (logged_at, id)
) STRICT, WITHOUT ROWID;

-- Devices that users have signed in from.
CREATE TABLE counterfoil_device (
  user_key      TEXT    NOT NULL,
  device        TEXT    NOT NULL,
  first_seen_at INTEGER NOT NULL,
  last_seen_at  INTEGER NOT NULL,
  expires_at    INTEGER NOT NULL,
  PRIMARY KEY (user_key, device)
) STRICT, WITHOUT ROWID;

CREATE INDEX counterfoil_device_expiry ON counterfoil_device (expires_at);

CREATE TABLE counterfoil_audit (
  logged_at INTEGER NOT NULL,
  id        TEXT    NOT NULL,
  event     TEXT    NOT NULL,
  handle    TEXT,
  user_key  TEXT,
  actor_key TEXT,
  facts     TEXT    NOT NULL,
  PRIMARY KEY (logged_at, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX counterfoil_audit_user ON counterfoil_audit (user_key, logged_at);

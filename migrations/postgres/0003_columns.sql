-- oldest: 2
-- Columns and tables of features to come, decided in docs/decisions/052-columns-decided-once.md.
ALTER TABLE counterfoil_migration ADD COLUMN oldest INTEGER;

ALTER TABLE counterfoil_session
  ADD COLUMN persistent              SMALLINT,
  ADD COLUMN amr                     TEXT COLLATE "C",
  ADD COLUMN actor_key               TEXT COLLATE "C",
  ADD COLUMN actor_handle            TEXT COLLATE "C",
  ADD COLUMN label                   TEXT COLLATE "C",
  ADD COLUMN known_device            SMALLINT,
  ADD COLUMN device_ip               TEXT COLLATE "C",
  ADD COLUMN device_agent            TEXT COLLATE "C",
  ADD COLUMN binding                 TEXT COLLATE "C",
  ADD COLUMN binding_algorithm       TEXT COLLATE "C",
  ADD COLUMN binding_key             TEXT COLLATE "C",
  ADD COLUMN binding_challenge       TEXT COLLATE "C",
  ADD COLUMN binding_prior_challenge TEXT COLLATE "C";

-- The log of revocations, in the order of the store's time.
CREATE TABLE counterfoil_revocation (
  logged_at      BIGINT   NOT NULL,
  id             TEXT     COLLATE "C" NOT NULL,
  kind           SMALLINT NOT NULL,
  subject        TEXT     COLLATE "C" NOT NULL,
  except_handle  TEXT     COLLATE "C",
  claims_version BIGINT,
  expires_at     BIGINT   NOT NULL,
  PRIMARY KEY (logged_at, id)
);

-- Devices that users have signed in from.
CREATE TABLE counterfoil_device (
  user_key      TEXT   COLLATE "C" NOT NULL,
  device        TEXT   COLLATE "C" NOT NULL,
  first_seen_at BIGINT NOT NULL,
  last_seen_at  BIGINT NOT NULL,
  expires_at    BIGINT NOT NULL,
  PRIMARY KEY (user_key, device)
);

CREATE INDEX counterfoil_device_expiry ON counterfoil_device (expires_at);

CREATE TABLE counterfoil_audit (
  logged_at BIGINT NOT NULL,
  id        TEXT   COLLATE "C" NOT NULL,
  event     TEXT   COLLATE "C" NOT NULL,
  handle    TEXT   COLLATE "C",
  user_key  TEXT   COLLATE "C",
  actor_key TEXT   COLLATE "C",
  facts     TEXT   COLLATE "C" NOT NULL,
  PRIMARY KEY (logged_at, id)
);

CREATE INDEX counterfoil_audit_user ON counterfoil_audit (user_key, logged_at);

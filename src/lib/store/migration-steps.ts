// Made by "npm run migration-steps" from the files of migrations/, which are the ones to change.
/** The text of each file by its name, so that a bundle needs no file beside it. */
export const MIGRATION_STEPS: Readonly<Record<"mysql" | "postgres" | "sqlite", Readonly<Record<string, string>>>> = {
  mysql: {
    "0001_sessions.sql": `-- Times are integer milliseconds since the epoch. Text is kept as its bytes in UTF-8, so that it compares byte by byte, without padding, and
-- comes back as it went in, whatever the character set of a connection. Each statement may be run again, also by several processes at once.
CREATE TABLE IF NOT EXISTS counterfoil_session (
  handle              VARBINARY(64)   NOT NULL PRIMARY KEY,
  user_key            VARBINARY(1600) NOT NULL,
  version             BIGINT          NOT NULL,
  generation          BIGINT          NOT NULL,
  current_hash        VARBINARY(64)   NOT NULL,
  parent_hash         VARBINARY(64),
  child_minted_at     BIGINT,
  child_seen_at       BIGINT,
  confirmed_at        BIGINT,
  claims              LONGBLOB        NOT NULL,
  claims_version      BIGINT          NOT NULL,
  data                LONGBLOB        NOT NULL,
  device              LONGBLOB        NOT NULL,
  created_at          BIGINT          NOT NULL,
  auth_time           BIGINT          NOT NULL,
  last_seen_at        BIGINT          NOT NULL,
  expires_at          BIGINT          NOT NULL,
  absolute_expires_at BIGINT          NOT NULL,
  INDEX counterfoil_session_user (user_key, created_at),
  INDEX counterfoil_session_expiry (expires_at)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC;

CREATE TABLE IF NOT EXISTS counterfoil_key (
  kid          VARBINARY(64)  NOT NULL PRIMARY KEY,
  sequence     BIGINT         NOT NULL UNIQUE,
  algorithm    VARBINARY(16)  NOT NULL,
  wrapped_seed VARBINARY(512) NOT NULL,
  created_at   BIGINT         NOT NULL,
  activates_at BIGINT         NOT NULL
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC;

-- Sessions whose place a new sign-in has just taken.
CREATE TABLE IF NOT EXISTS counterfoil_replaced (
  handle     VARBINARY(64) NOT NULL PRIMARY KEY,
  expires_at BIGINT        NOT NULL,
  INDEX counterfoil_replaced_expiry (expires_at)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC;

-- Work that one process at a time does, such as the sweep of expired sessions; and one row for each of the 256 places of users, whose turn is
-- taken by sign-ins that must count a user's sessions.
CREATE TABLE IF NOT EXISTS counterfoil_lease (
  name       VARBINARY(64) NOT NULL PRIMARY KEY,
  owner      VARBINARY(64) NOT NULL,
  expires_at BIGINT        NOT NULL,
  turn       BIGINT        NOT NULL
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC;

INSERT IGNORE INTO counterfoil_lease (name, owner, expires_at, turn)
  SELECT 'sweep', '', 0, 0 UNION ALL
  SELECT CONCAT('place-', sixteens.n * 16 + ones.n), '', 0, 0 FROM
    (SELECT 0 AS n UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4 UNION ALL SELECT 5 UNION ALL SELECT 6 UNION ALL SELECT 7
      UNION ALL SELECT 8 UNION ALL SELECT 9 UNION ALL SELECT 10 UNION ALL SELECT 11 UNION ALL SELECT 12 UNION ALL SELECT 13 UNION ALL SELECT 14 UNION ALL SELECT 15) AS ones,
    (SELECT 0 AS n UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4 UNION ALL SELECT 5 UNION ALL SELECT 6 UNION ALL SELECT 7
      UNION ALL SELECT 8 UNION ALL SELECT 9 UNION ALL SELECT 10 UNION ALL SELECT 11 UNION ALL SELECT 12 UNION ALL SELECT 13 UNION ALL SELECT 14 UNION ALL SELECT 15) AS sixteens;
`,
    "0002_replaced_handle.sql": `-- The session that the sign-in of this one replaced: a late response of it may leave cookies beside those of this one.
-- MySQL knows no ADD COLUMN IF NOT EXISTS, and each statement may be run again.
SET @counterfoil_step = (SELECT IF(COUNT(*) = 0, 'ALTER TABLE counterfoil_session ADD COLUMN replaced_handle VARBINARY(64)', 'DO 0')
  FROM information_schema.columns
  WHERE table_schema = DATABASE() AND table_name = 'counterfoil_session' AND column_name = 'replaced_handle');

PREPARE counterfoil_step FROM @counterfoil_step;

EXECUTE counterfoil_step;

DEALLOCATE PREPARE counterfoil_step;
`,
    "0003_columns.sql": `-- oldest: 2
-- Columns and tables of features to come, decided in docs/decisions/052-columns-decided-once.md.
-- MySQL knows no ADD COLUMN IF NOT EXISTS, and each statement may be run again. An ALTER TABLE is done whole or not at all.
SET @counterfoil_step = (SELECT IF(COUNT(*) = 0, 'ALTER TABLE counterfoil_migration ADD COLUMN oldest INT', 'DO 0')
  FROM information_schema.columns
  WHERE table_schema = DATABASE() AND table_name = 'counterfoil_migration' AND column_name = 'oldest');

PREPARE counterfoil_step FROM @counterfoil_step;

EXECUTE counterfoil_step;

SET @counterfoil_step = (SELECT IF(COUNT(*) = 0, 'ALTER TABLE counterfoil_session
    ADD COLUMN persistent SMALLINT,
    ADD COLUMN amr LONGBLOB,
    ADD COLUMN actor_key VARBINARY(1600),
    ADD COLUMN actor_handle VARBINARY(64),
    ADD COLUMN label LONGBLOB,
    ADD COLUMN known_device SMALLINT,
    ADD COLUMN device_ip VARBINARY(64),
    ADD COLUMN device_agent LONGBLOB,
    ADD COLUMN binding VARBINARY(16),
    ADD COLUMN binding_algorithm VARBINARY(16),
    ADD COLUMN binding_key LONGBLOB,
    ADD COLUMN binding_challenge VARBINARY(512),
    ADD COLUMN binding_prior_challenge VARBINARY(512)', 'DO 0')
  FROM information_schema.columns
  WHERE table_schema = DATABASE() AND table_name = 'counterfoil_session' AND column_name = 'binding_prior_challenge');

PREPARE counterfoil_step FROM @counterfoil_step;

EXECUTE counterfoil_step;

DEALLOCATE PREPARE counterfoil_step;

-- The log of revocations, in the order of the store's time.
CREATE TABLE IF NOT EXISTS counterfoil_revocation (
  logged_at      BIGINT          NOT NULL,
  id             VARBINARY(64)   NOT NULL,
  kind           SMALLINT        NOT NULL,
  subject        VARBINARY(1600) NOT NULL,
  except_handle  VARBINARY(64),
  claims_version BIGINT,
  expires_at     BIGINT          NOT NULL,
  PRIMARY KEY (logged_at, id)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC;

-- Devices that users have signed in from.
CREATE TABLE IF NOT EXISTS counterfoil_device (
  user_key      VARBINARY(1600) NOT NULL,
  device        VARBINARY(64)   NOT NULL,
  first_seen_at BIGINT          NOT NULL,
  last_seen_at  BIGINT          NOT NULL,
  expires_at    BIGINT          NOT NULL,
  PRIMARY KEY (user_key, device),
  INDEX counterfoil_device_expiry (expires_at)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC;

CREATE TABLE IF NOT EXISTS counterfoil_audit (
  logged_at BIGINT        NOT NULL,
  id        VARBINARY(64) NOT NULL,
  event     VARBINARY(64) NOT NULL,
  handle    VARBINARY(64),
  user_key  VARBINARY(1600),
  actor_key VARBINARY(1600),
  facts     LONGBLOB      NOT NULL,
  PRIMARY KEY (logged_at, id),
  INDEX counterfoil_audit_user (user_key, logged_at)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC;

-- A table of somebody else's with one of these names was left alone above, and shows here.
SELECT counterfoil_revocation.logged_at, counterfoil_revocation.id, counterfoil_revocation.kind, counterfoil_revocation.subject,
  counterfoil_revocation.except_handle, counterfoil_revocation.claims_version, counterfoil_revocation.expires_at
  FROM counterfoil_revocation LIMIT 0;

SELECT counterfoil_device.user_key, counterfoil_device.device, counterfoil_device.first_seen_at, counterfoil_device.last_seen_at,
  counterfoil_device.expires_at FROM counterfoil_device LIMIT 0;

SELECT counterfoil_audit.logged_at, counterfoil_audit.id, counterfoil_audit.event, counterfoil_audit.handle, counterfoil_audit.user_key,
  counterfoil_audit.actor_key, counterfoil_audit.facts FROM counterfoil_audit LIMIT 0;
`,
  },
  postgres: {
    "0001_sessions.sql": `-- Times are integer milliseconds since the epoch. Identities compare byte by byte (COLLATE "C"); JSON is text, so that it comes back as it went in.
CREATE TABLE counterfoil_session (
  handle              TEXT   COLLATE "C" NOT NULL PRIMARY KEY,
  user_key            TEXT   COLLATE "C" NOT NULL,
  version             BIGINT NOT NULL,
  generation          BIGINT NOT NULL,
  current_hash        TEXT   COLLATE "C" NOT NULL,
  parent_hash         TEXT   COLLATE "C",
  child_minted_at     BIGINT,
  child_seen_at       BIGINT,
  confirmed_at        BIGINT,
  claims              TEXT   NOT NULL,
  claims_version      BIGINT NOT NULL,
  data                TEXT   NOT NULL,
  device              TEXT   NOT NULL,
  created_at          BIGINT NOT NULL,
  auth_time           BIGINT NOT NULL,
  last_seen_at        BIGINT NOT NULL,
  expires_at          BIGINT NOT NULL,
  absolute_expires_at BIGINT NOT NULL
);

CREATE INDEX counterfoil_session_user ON counterfoil_session (user_key, created_at, handle);
CREATE INDEX counterfoil_session_expiry ON counterfoil_session (expires_at);

CREATE TABLE counterfoil_key (
  kid          TEXT   COLLATE "C" NOT NULL PRIMARY KEY,
  sequence     BIGINT NOT NULL UNIQUE,
  algorithm    TEXT   NOT NULL,
  wrapped_seed TEXT   COLLATE "C" NOT NULL,
  created_at   BIGINT NOT NULL,
  activates_at BIGINT NOT NULL
);

-- Sessions whose place a new sign-in has just taken.
CREATE TABLE counterfoil_replaced (
  handle     TEXT   COLLATE "C" NOT NULL PRIMARY KEY,
  expires_at BIGINT NOT NULL
);

CREATE INDEX counterfoil_replaced_expiry ON counterfoil_replaced (expires_at);

-- Work that one process at a time does, such as the sweep of expired sessions; and one row for each of the 256 places of users, whose turn is
-- taken by sign-ins that must count a user's sessions.
CREATE TABLE counterfoil_lease (
  name       TEXT   COLLATE "C" NOT NULL PRIMARY KEY,
  owner      TEXT   COLLATE "C" NOT NULL,
  expires_at BIGINT NOT NULL,
  turn       BIGINT NOT NULL
);

INSERT INTO counterfoil_lease (name, owner, expires_at, turn)
  SELECT 'sweep', '', 0, 0 UNION ALL SELECT 'place-' || place, '', 0, 0 FROM generate_series(0, 255) AS place;
`,
    "0002_replaced_handle.sql": `-- The session that the sign-in of this one replaced: a late response of it may leave cookies beside those of this one.
ALTER TABLE counterfoil_session ADD COLUMN replaced_handle TEXT COLLATE "C";
`,
    "0003_columns.sql": `-- oldest: 2
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
`,
  },
  sqlite: {
    "0001_sessions.sql": `-- Times are integer milliseconds since the epoch. TEXT compares byte by byte (BINARY is SQLite's default collation).
CREATE TABLE counterfoil_session (
  handle              TEXT    NOT NULL PRIMARY KEY,
  user_key            TEXT    NOT NULL,
  version             INTEGER NOT NULL,
  generation          INTEGER NOT NULL,
  current_hash        TEXT    NOT NULL,
  parent_hash         TEXT,
  child_minted_at     INTEGER,
  child_seen_at       INTEGER,
  confirmed_at        INTEGER,
  claims              TEXT    NOT NULL,
  claims_version      INTEGER NOT NULL,
  data                TEXT    NOT NULL,
  device              TEXT    NOT NULL,
  created_at          INTEGER NOT NULL,
  auth_time           INTEGER NOT NULL,
  last_seen_at        INTEGER NOT NULL,
  expires_at          INTEGER NOT NULL,
  absolute_expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX counterfoil_session_user ON counterfoil_session (user_key, created_at);
CREATE INDEX counterfoil_session_expiry ON counterfoil_session (expires_at);

CREATE TABLE counterfoil_key (
  kid          TEXT    NOT NULL PRIMARY KEY,
  sequence     INTEGER NOT NULL UNIQUE,
  algorithm    TEXT    NOT NULL,
  wrapped_seed TEXT    NOT NULL,
  created_at   INTEGER NOT NULL,
  activates_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
`,
    "0002_processes.sql": `-- Work that one process at a time does, such as the sweep of expired sessions.
CREATE TABLE counterfoil_lease (
  name       TEXT    NOT NULL PRIMARY KEY,
  owner      TEXT    NOT NULL,
  expires_at INTEGER NOT NULL,
  turn       INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO counterfoil_lease (name, owner, expires_at, turn) VALUES ('sweep', '', 0, 0);

-- Sessions whose place a new sign-in has just taken.
CREATE TABLE counterfoil_replaced (
  handle     TEXT    NOT NULL PRIMARY KEY,
  expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX counterfoil_replaced_expiry ON counterfoil_replaced (expires_at);
`,
    "0003_replaced_handle.sql": `-- The session that the sign-in of this one replaced: a late response of it may leave cookies beside those of this one.
ALTER TABLE counterfoil_session ADD COLUMN replaced_handle TEXT;
`,
    "0004_columns.sql": `-- oldest: 3
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
`,
  },
};

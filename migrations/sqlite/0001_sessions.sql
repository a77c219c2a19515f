-- Times are integer milliseconds since the epoch. TEXT compares byte by byte (BINARY is SQLite's default collation).
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

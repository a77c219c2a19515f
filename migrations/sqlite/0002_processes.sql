-- Work that one process at a time does, such as the sweep of expired sessions.
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

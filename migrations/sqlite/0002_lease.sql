-- Work that one process at a time does, such as the sweep of expired sessions.
CREATE TABLE counterfoil_lease (
  name       TEXT    NOT NULL PRIMARY KEY,
  owner      TEXT    NOT NULL,
  expires_at INTEGER NOT NULL,
  turn       INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO counterfoil_lease (name, owner, expires_at, turn) VALUES ('sweep', '', 0, 0);

-- Times are integer milliseconds since the epoch. Identities compare byte by byte (COLLATE "C"); JSON is text, so that it comes back as it went in.
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

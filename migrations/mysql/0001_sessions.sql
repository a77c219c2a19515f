-- Times are integer milliseconds since the epoch. Text is kept as its bytes in UTF-8, so that it compares byte by byte, without padding, and
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

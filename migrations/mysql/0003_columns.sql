-- oldest: 2
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

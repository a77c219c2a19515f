-- The session that the sign-in of this one replaced: a late response of it may leave cookies beside those of this one.
-- MySQL knows no ADD COLUMN IF NOT EXISTS, and each statement may be run again.
SET @counterfoil_step = (SELECT IF(COUNT(*) = 0, 'ALTER TABLE counterfoil_session ADD COLUMN replaced_handle VARBINARY(64)', 'DO 0')
  FROM information_schema.columns
  WHERE table_schema = DATABASE() AND table_name = 'counterfoil_session' AND column_name = 'replaced_handle');

PREPARE counterfoil_step FROM @counterfoil_step;

EXECUTE counterfoil_step;

DEALLOCATE PREPARE counterfoil_step;

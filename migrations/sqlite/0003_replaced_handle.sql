-- The session that the sign-in of this one replaced: a late response of it may leave cookies beside those of this one.
ALTER TABLE counterfoil_session ADD COLUMN replaced_handle TEXT;

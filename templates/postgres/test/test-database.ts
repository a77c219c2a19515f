/** Imported first. The tests use `DATABASE_URL`, under names of users that nobody else has. */
process.env["DATABASE_URL"] = process.env["TEST_DATABASE_URL"] ?? process.env["DATABASE_URL"];

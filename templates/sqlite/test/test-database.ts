/** Imported first: the tests leave the database of the app alone. */
process.env["DATABASE"] = ":memory:";

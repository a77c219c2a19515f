/** What `log_line_prefix` of postgres.ts puts before the lines of clients. */
export const LOG_LINE_PREFIX = "%q<%u> ";

const STATEMENT = /^<(.*?)> LOG: {2}((?:statement|execute [^:]*): .*)$/;

/**
 * The statements in a log with `log_statement=all`, as `statement: ...` or `execute name: ...`,
 * without the superuser's.
 */
export function readStatementLog(text: string, superuser: string): string[] {
  const statements: string[] = [];
  let isWanted = false;
  for (const line of text.split("\n")) {
    const [, user, statement] = STATEMENT.exec(line) ?? [];
    if (statement !== undefined) {
      isWanted = user !== superuser;
      if (isWanted) statements.push(statement);
    } else if (line.startsWith("\t")) {
      if (isWanted) statements.push(`${statements.pop()}\n${line.slice(1)}`);
    } else {
      isWanted = false;
    }
  }
  return statements;
}

/**
 * An entry begins with time and thread, or thread alone; all other lines go on with the statement
 * before.
 */
const ENTRY =
  /^(?:\d{6} +[\d:]+)?\t+ *(\d+) (Init DB|Reset stmt|Close stmt|Change user|Binlog Dump|[A-Z]\w*(?: [a-z]+)?)\t(.*)$/;

/**
 * What a server wrote to its general log, as `Command argument`, without the connections of root.
 */
export function readGeneralLog(text: string, threadsOfRoot: Set<string>): string[] {
  const statements: string[] = [];
  let isRoot = false;
  for (const line of text.split("\n").slice(0, -1)) {
    const entry = ENTRY.exec(line);
    if (entry === null) {
      if (!isRoot && statements.length > 0) statements.push(`${statements.pop()}\n${line}`);
      continue;
    }
    const [, thread = "", command = "", argument = ""] = entry;
    if (command === "Connect") {
      if (argument.startsWith("root@")) threadsOfRoot.add(thread);
      else threadsOfRoot.delete(thread);
    }
    isRoot = threadsOfRoot.has(thread);
    if (!isRoot) statements.push(`${command} ${argument}`.trimEnd());
  }
  return statements;
}

/**
 * Replaces the section of each bench in a document, and leaves the others. New ones are appended.
 */
export function replaceSections(document: string, sections: ReadonlyMap<string, string>): string {
  let result = document.trimEnd();
  for (const [name, text] of sections) {
    const [begin, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
    const [from, to] = [result.indexOf(begin), result.indexOf(end)];
    const section = `${begin}\n\n${text}\n\n${end}`;
    result =
      from === -1 || to === -1
        ? `${result}\n\n${section}`
        : result.slice(0, from) + section + result.slice(to + end.length);
  }
  return `${result}\n`;
}

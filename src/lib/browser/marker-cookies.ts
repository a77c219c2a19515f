import { HOST_PREFIX } from "../../protocol.ts";
import { undefinedOnError } from "./undefined-on-error.ts";

/**
 * The different markers in the readable cookies; one of them is current. Other hosts of the site
 * can add a cookie of this name, but none with the prefix `__Host-`. Empty without a marker, or if
 * cookies cannot be read.
 *
 * @param markerName without `__Host-`
 */
export function readMarkers(markerName: string): readonly string[] {
  // A worker has no document, and a sandboxed frame must not read cookies.
  const pairs = (undefinedOnError(() => document.cookie) ?? "").split("; ");
  const find = (name: string): readonly string[] => [
    ...new Set(pairs.flatMap((pair) => (pair.startsWith(name) && pair.slice(name.length)) || [])),
  ];
  const own = find(`${HOST_PREFIX + markerName}=`);
  return own[0] ? own : find(`${markerName}=`);
}

/**
 * Clears the markers of other hosts that a script can clear: those for the directories of this
 * page. The current marker has the path "/", where the refresh route clears duplicates, because it
 * knows the current marker's domain.
 */
export function clearDuplicates(markerName: string): void {
  undefinedOnError(() => {
    let path = "";
    // A semicolon would begin another attribute, and browsers ignore a path of more than 1024
    // bytes; both could mean "/". Only the first 12 directories are cleared.
    for (const name of location.pathname.slice(1, 1000).replace(/;.*/, "").split("/", 12)) {
      path += `/${name}`;
      if (!name) continue;
      for (let domain = `.${location.hostname}`; domain; domain = domain.replace(/^.[^.]*/, ""))
        // A partitioned cookie is a separate one, and only a line with Secure can clear it.
        for (const end of ["", "/", "; Secure; Partitioned", "/; Secure; Partitioned"])
          document.cookie = `${markerName}=; Max-Age=0; Domain=${domain}; Path=${path}${end}`;
    }
  });
}

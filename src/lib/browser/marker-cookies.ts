import { HOST_PREFIX } from "../../protocol.ts";
import { undefinedOnError } from "./undefined-on-error.ts";

/**
 * The different markers in the readable cookies, of which one is current. Other hosts of the site
 * can set a cookie of the same name beside it, but none with the prefix `__Host-`. Empty where
 * there is none, or cookies cannot be read.
 *
 * @param markerName without `__Host-`
 */
export function readMarkers(markerName: string): readonly string[] {
  // A worker has no document, and a sandboxed frame may not ask.
  const pairs = (undefinedOnError(() => document.cookie) ?? "").split("; ");
  const find = (name: string): readonly string[] => [
    ...new Set(pairs.flatMap((pair) => (pair.startsWith(name) && pair.slice(name.length)) || [])),
  ];
  const own = find(`${HOST_PREFIX + markerName}=`);
  return own[0] ? own : find(`${markerName}=`);
}

/**
 * Clears the markers of other hosts that a script can clear: those for the paths that lead to this
 * page. The path of the current marker is "/", where the refresh route clears the others, since it
 * knows the domain of the current one.
 */
export function clearDuplicates(markerName: string): void {
  undefinedOnError(() => {
    let path = "";
    // A semicolon would begin another attribute, and browsers ignore a path of more than 1024
    // bytes: either could name "/". Of a deeper page the first 12 directories are cleared.
    for (const name of location.pathname.slice(1, 1000).replace(/;.*/, "").split("/", 12)) {
      path += `/${name}`;
      if (path === "/") continue;
      for (let domain = `.${location.hostname}`; domain; domain = domain.replace(/^.[^.]*/, ""))
        // A partitioned cookie is another one, and only a Secure line names it.
        for (const end of ["", "/", "; Secure; Partitioned", "/; Secure; Partitioned"])
          document.cookie = `${markerName}=; Max-Age=0; Domain=${domain}; Path=${path}${end}`;
    }
  });
}

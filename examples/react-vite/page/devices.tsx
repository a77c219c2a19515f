import { useOwnSessions } from "counterfoil/react";
import type { ReactNode } from "react";
import { textOf } from "./client.ts";

const time = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

export function Devices(): ReactNode {
  const { sessions, isLoading, error, hasMore, more, end, endOthers } = useOwnSessions();
  return (
    <section className="card" aria-labelledby="devices" aria-busy={isLoading}>
      <h2 id="devices">Your devices</h2>
      <ul>
        {sessions.map(({ handle, current, device, lastSeenAt }) => (
          <li key={handle}>
            <span>
              {device.label ?? device.userAgent ?? "Unknown device"}
              <small>
                {device.ip}, {time.format(lastSeenAt)}
              </small>
            </span>
            {current ? (
              <b>this browser</b>
            ) : (
              <button type="button" onClick={() => void end(handle)}>
                End
              </button>
            )}
          </li>
        ))}
      </ul>
      {hasMore && (
        <button type="button" onClick={() => void more()}>
          More
        </button>
      )}
      {sessions.length > 1 && (
        <button type="button" onClick={() => void endOthers()}>
          End all others
        </button>
      )}
      {error !== undefined && <p role="alert">{textOf(error)}</p>}
    </section>
  );
}

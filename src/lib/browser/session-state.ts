import {
  type ClientSession,
  ANTI_CSRF_HEADER,
  NO_SESSION,
  parseMarker,
  SESSION_HEADER,
  USER_HEADER,
} from "../../protocol.ts";
import type { AnswerHead, ClientSettings } from "./client-options.ts";
import type { EmitEvent, SessionState, SignOutReason } from "./session-events.ts";
import { handleOf, isNewer, type KnownSession, lifeOf, readMarkerCookie } from "./known-session.ts";
import { recall, remember } from "./memory-of-pages.ts";
import { SessionClientError } from "./session-client-error.ts";
import { joinTabs } from "./tab-channel.ts";

/** Who is signed in, as far as this page knows. Everything that can change it is here. */
export interface SessionStateHolder {
  /** Reads what the browser has now, which other tabs and the server may have changed. Undefined: no session. */
  sync(): KnownSession | undefined;
  /** Whether the access token is known to have expired. Never by the wall clock. */
  isExpired(): boolean;
  snapshot(): SessionState;
  /** Takes from an answer what it says of the session. `started`: the marker under which its request was sent. */
  learn(answer: AnswerHead, started: string | undefined): SessionClientError | undefined;
  /** Forgets the session, here and in all tabs; whatever is still on its way does not bring it back. */
  end(reason: SignOutReason, untold?: boolean): void;
  /** Whether a session was signed out here and is still in the browser, since the server has not heard of it. */
  isUntold(): boolean;
  /** The server has heard of it. */
  setTold(): void;
  close(): void;
}

interface Source {
  /** Age of what is told, in ms; left out where nobody can tell. */
  readonly age?: number | undefined;
  readonly reason?: SignOutReason;
  /** Whether the other tabs and the next page are to know. */
  readonly tell?: boolean;
}

/** @param now monotonic, in ms */
export function createSessionState(settings: ClientSettings, emit: EmitEvent, now: () => number): SessionStateHolder {
  const { name, initialSession } = settings;
  const stored = recall(name);
  let isReadable = typeof document !== "undefined" && (settings.isOwnOrigin || stored.isReadable === true);
  let { ended } = stored;
  let known: KnownSession | undefined;
  let expiresAt = Infinity;
  let state = { status: "signed-out" } as SessionState;
  // The last state in which it was known who is signed in: events tell the difference from it.
  let told: SessionState | undefined;

  const tabs = joinTabs(name, hear, sync);
  sync(stored.at === undefined ? undefined : Date.now() - stored.at);
  if (state.status !== "loading") told = state;

  function become(next: KnownSession | undefined, { age, reason, tell }: Source): void {
    const before = known;
    known = next === undefined || handleOf(next.marker) === ended ? undefined : complete(next);
    if (age !== undefined || known?.marker !== before?.marker) {
      const life = known === undefined ? Infinity : lifeOf(known.marker);
      // A little early, so that it does not expire on its way.
      expiresAt = age === undefined ? Infinity : now() + life - Math.min(life / 10, 5000) - Math.max(0, age);
    }
    if (tell === true && known !== undefined) {
      remember(name, { ...known, at: Date.now(), isReadable });
      tabs.tell(known);
    }
    if (known?.marker === before?.marker && known?.user === before?.user) return;
    state = describe(reason);
    announce();
  }

  /** Adds what is known of the same session from elsewhere. Equal facts stay the same object. */
  function complete({ marker, user, antiCsrf }: KnownSession): KnownSession {
    const handle = handleOf(marker);
    const sources = [known, recall(name)].filter((source) => source?.marker !== undefined);
    const earlier = sources.find((source) => handleOf(source?.marker ?? "") === handle);
    const old = earlier?.user ?? (initialSession?.handle === handle ? initialSession : undefined);
    return {
      marker,
      user: user === undefined || JSON.stringify(user) === JSON.stringify(old) ? old : user,
      antiCsrf: antiCsrf === undefined ? earlier?.antiCsrf : antiCsrf,
    };
  }

  function describe(reason: SignOutReason | undefined): SessionState {
    if (known === undefined) return reason === undefined ? { status: "signed-out" } : { status: "signed-out", reason };
    const { marker, user } = known;
    if (user === undefined) return { status: "loading" };
    return { status: "signed-in", ...user, accessExpires: parseMarker(marker)?.accessExpires };
  }

  function announce(): void {
    emit("change", state);
    if (state.status === "loading") return;
    const before = told;
    told = state;
    if (before === undefined || before.status === "loading") return;
    if (state.status === "signed-out") emit("signed-out", state);
    else if (before.status === "signed-out") emit("signed-in", state);
    else if (before.handle === state.handle) emit("refreshed", state);
    else emit(before.userId === state.userId ? "signed-in" : "user-changed", state);
  }

  function sync(age?: number): KnownSession | undefined {
    const cookie = readMarkerCookie();
    if (cookie !== undefined) isReadable = true;
    if (isReadable) {
      if (cookie !== known?.marker)
        become(cookie === undefined ? undefined : { marker: cookie }, { age, reason: "ended" });
    } else {
      // The cookies are those of another origin, so what the pages of this one have stored is all there is.
      const { marker, ...rest } = recall(name);
      if (rest.ended !== undefined) forget(rest.ended, "sign-out");
      else if (marker !== undefined && (known === undefined || isNewer(marker, known.marker)))
        become({ ...rest, marker }, { age });
    }
    return known;
  }

  function forget(handle: string, reason: SignOutReason): void {
    ended = handle;
    if (known !== undefined && handleOf(known.marker) === handle) become(undefined, { reason });
  }

  /** From another tab. */
  function hear(message: unknown): void {
    const {
      marker,
      ended: over,
      reason,
      ...rest
    } = message as Partial<KnownSession> & {
      readonly ended?: string;
      readonly reason?: SignOutReason;
    };
    if (over !== undefined) forget(over, reason ?? "ended");
    // Messages of several tabs may cross; what the browser has is true in any case.
    else if (
      marker !== undefined &&
      (known === undefined || marker === readMarkerCookie() || isNewer(marker, known.marker))
    )
      become({ ...rest, marker }, { age: 0 });
  }

  return {
    sync: () => sync(),
    isExpired: () => now() >= expiresAt,
    snapshot: () => state,

    learn({ headers }, started) {
      const marker = headers.get(SESSION_HEADER);
      const user = parseUser(headers.get(USER_HEADER));
      if (marker === null) {
        // Claims have changed.
        if (known !== undefined && user?.handle === handleOf(known.marker)) become({ ...known, user }, { tell: true });
        return undefined;
      }
      if (marker === NO_SESSION) {
        if (started !== undefined && known !== undefined && handleOf(started) === handleOf(known.marker))
          this.end("sign-out");
        return undefined;
      }
      const cookie = readMarkerCookie();
      if (isReadable && cookie !== marker) {
        // Late: the browser has other tokens by now. Without any, it does not keep them.
        if (cookie !== undefined || handleOf(marker) === ended) return undefined;
        return new SessionClientError("COOKIES_BLOCKED", "the browser keeps no cookie of the API");
      }
      if (isReadable || known === undefined || known.marker === started || isNewer(marker, known.marker))
        become({ marker, user, antiCsrf: headers.get(ANTI_CSRF_HEADER) }, { age: 0, tell: true });
      return undefined;
    },

    end(reason, untold = false) {
      if (known === undefined) return;
      const handle = handleOf(known.marker);
      remember(name, { ended: handle, isUntold: untold, isReadable });
      tabs.tell({ ended: handle, reason });
      forget(handle, reason);
    },

    isUntold() {
      const { ended: handle, isUntold } = recall(name);
      const cookie = readMarkerCookie();
      return isUntold === true && (cookie === undefined ? !isReadable : handleOf(cookie) === handle);
    },

    setTold() {
      const { ended: handle } = recall(name);
      if (handle !== undefined) remember(name, { ended: handle, isReadable });
    },

    close: () => tabs.close(),
  };
}

function parseUser(json: string | null): ClientSession | undefined {
  try {
    return json === null ? undefined : (JSON.parse(json) as ClientSession);
  } catch {
    // A proxy has mangled it: a refresh asks again.
    return undefined;
  }
}

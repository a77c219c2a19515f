import {
  type ClientSession,
  ANTI_CSRF_HEADER,
  NO_SESSION,
  parseMarker,
  SESSION_HEADER,
  USER_HEADER,
} from "../../protocol.ts";
import type { ResponseHead, ClientSettings } from "./client-options.ts";
import type { EmitEvent, LoadingSession, SessionClientEvents, SessionState, SignOutReason } from "./session-events.ts";
import { handleOf, isNewer, type KnownSession, SEPARATOR, usableFor } from "./known-session.ts";
import { clearDuplicates, readMarkers } from "./marker-cookies.ts";
import { recall, type Remembered, remember } from "./memory-of-pages.ts";
import { undefinedOnError } from "./undefined-on-error.ts";
import { SessionClientError } from "./session-client-error.ts";
import { joinTabs } from "./tab-channel.ts";

/** Who is signed in, as far as this page knows. Everything that can change it is here. */
export interface SessionStateHolder {
  /**
   * Reads what the browser has now, which other tabs and the server may have changed. Undefined: no
   * session.
   */
  sync(): KnownSession | undefined;
  /** What was there when it was last looked at. */
  known(): KnownSession | undefined;
  /** Whether the access token is known to have expired. Never by the wall clock. */
  isExpired(): boolean;
  session(): SessionState;
  /**
   * Takes from an answer what it says of the session. `started`: the marker under which its request
   * was sent.
   */
  learn(answer: ResponseHead, started: string | undefined): SessionClientError | undefined;
  /**
   * Forgets the session, here and in all tabs; whatever is still on its way does not bring it back.
   */
  end(reason: SignOutReason, isUnsent?: boolean): void;
  /**
   * Whether a session was signed out here and is still in the browser, since the server has not
   * heard of it.
   */
  isUnsent(): boolean;
  /** The server has heard of it. */
  setSent(): void;
}

/** What tabs tell each other: a session, or the end of one. */
interface TabMessage extends Remembered {
  readonly reason?: SignOutReason;
}

/** @param life ends it */
export function createSessionState(settings: ClientSettings, emit: EmitEvent, life: AbortSignal): SessionStateHolder {
  const { name, markerName, initialSession } = settings;
  const stored = recall(name);
  let isReadable = !!globalThis.document && (settings.isOwnOrigin || !!stored.isReadable);
  // Handles of sessions that are over, and markers that were never the current one.
  const over = new Set(stored.ended?.split(SEPARATOR).map(handleOf));
  let known: KnownSession | undefined;
  let expiresAt = Infinity;
  let state = toState();
  // Handle of a session that was signed out here, until the server has heard of it; also where
  // nothing can be stored.
  let ended: string | undefined;
  // The last state in which it was known who is signed in: events tell the difference from it.
  let announced: Exclude<SessionState, LoadingSession> | undefined;

  const tellTabs = joinTabs(name, life, receive, sync);
  sync(stored.at && Math.max(0, Date.now() - stored.at));
  if (state.status !== "loading") announced = state;

  /**
   * @param age of the marker, in ms; undefined where nobody can tell, and nothing new is known of
   * it where it is the same one
   */
  function setKnown(next: KnownSession | undefined, age?: number, reason?: SignOutReason): void {
    const before = known;
    known = next && !isOver(next.marker) ? complete(next) : undefined;
    // Its cookies are gone.
    if (known) ended = undefined;
    // Where the age is not known this is NaN, and no time is later than that.
    const isOther = known?.marker !== before?.marker;
    if (age !== undefined || isOther) expiresAt = performance.now() - Number(age) + usableFor(known?.marker);
    if (isOther || known?.user !== before?.user) announce(reason);
  }

  /** Adds what is known of the same session from elsewhere. Equal facts stay the same object. */
  function complete(next: KnownSession): KnownSession {
    const { marker } = next;
    const handle = handleOf(marker);
    const earlier = [known, recall(name)].find((source) => handleOf(source?.marker) === handle);
    // The page is newer than what an earlier one has stored, and older than what this one has
    // learnt.
    const old = !known && initialSession?.handle === handle ? initialSession : earlier?.user;
    const { user = old, antiCsrf = earlier?.antiCsrf, at } = next;
    return { marker, user: JSON.stringify(user) === JSON.stringify(old) ? old : user, antiCsrf, at };
  }

  function toState(reason?: SignOutReason): SessionState {
    if (!known?.user) return known ? { status: "loading" } : { status: "signed-out", reason };
    return { status: "signed-in", ...known.user, accessExpires: parseMarker(known.marker)?.accessExpires };
  }

  function announce(reason?: SignOutReason): void {
    state = toState(reason);
    emit("change", state);
    if (state.status === "loading") return;
    const before = announced;
    announced = state;
    if (!before) return;
    let event: keyof SessionClientEvents = state.status;
    if (state.status === "signed-in" && before.status === "signed-in") {
      if (before.handle === state.handle) event = "refreshed";
      else if (before.userId !== state.userId) event = "user-changed";
    }
    emit(event, state as never);
  }

  function isOver(marker: string): boolean {
    return marker.split(SEPARATOR).every((one) => over.has(one) || over.has(handleOf(one)));
  }

  /**
   * The marker in the cookies; where several may be the current one, all of them, and the server is
   * asked.
   */
  function readMarker(): string | undefined {
    const read = (): readonly string[] => readMarkers(markerName).filter((marker) => !isOver(marker));
    if (read()[1]) {
      clearDuplicates(markerName);
      // What the server has said last, to any tab.
      [recall(name), known].some((source) => source?.at && confirm(source.marker));
    }
    return read().join(SEPARATOR) || undefined;
  }

  /**
   * Whether the browser has a marker that an answer brought. Then the others are not of the server.
   */
  function confirm(marker = ""): boolean {
    const markers = readMarkers(markerName);
    if (!markers.includes(marker)) return false;
    isReadable = true;
    for (const other of markers) if (other !== marker) over.add(other);
    return true;
  }

  function sync(age?: number): KnownSession | undefined {
    // Where the cookies are those of another origin, what the pages of this one have stored is all
    // there is.
    if (!isReadable) receive(recall(name), age);
    const marker = readMarker();
    // Until a response has named the marker, a cookie of that name may be it.
    if ((isReadable || (marker && !known?.at)) && marker !== known?.marker)
      setKnown(marker ? { marker } : undefined, age, "ended");
    return known;
  }

  function forget(handles: string, reason: SignOutReason): void {
    for (const one of handles.split(SEPARATOR)) over.add(handleOf(one));
    if (known && isOver(known.marker)) setKnown(undefined, undefined, reason);
  }

  /** What another tab tells, or has stored. */
  function receive({ marker, ended: gone, reason = "sign-out", ...rest }: TabMessage, age = 0): void {
    const isKept = confirm(marker);
    if (gone) forget(gone, reason);
    // Messages of several tabs may cross; what the browser has is true in any case.
    else if (marker && (!known || isKept || isNewer(marker, known.marker))) setKnown({ ...rest, marker }, age);
  }

  /** Takes it from an answer, and lets the other tabs and the next page know. */
  function publish(next: KnownSession, age?: number): void {
    setKnown(next, age);
    if (!known) return;
    remember(name, { ...known, isReadable });
    tellTabs(known);
  }

  function end(reason: SignOutReason, isUnsent?: boolean): void {
    if (!known) return;
    const handle = handleOf(known.marker);
    ended = isUnsent ? handle : undefined;
    remember(name, { isReadable, ended });
    tellTabs({ ended: handle, reason });
    forget(handle, reason);
    clearDuplicates(markerName);
  }

  return {
    sync,
    known: () => known,
    isExpired: () => performance.now() >= expiresAt,
    session: () => state,

    learn({ headers }, started) {
      // A client on a server is that of all its users.
      if (!globalThis.location) return undefined;
      const marker = headers.get(SESSION_HEADER);
      // Where a proxy has mangled it, a refresh asks again.
      const user = undefinedOnError(() => JSON.parse(headers.get(USER_HEADER) ?? "") as ClientSession);
      if (marker === null) {
        // Claims have changed.
        if (known && handleOf(known.marker) === user?.handle) publish({ ...known, user });
        return undefined;
      }
      if (marker === NO_SESSION) {
        if (handleOf(known?.marker) === handleOf(started)) end("sign-out");
        return undefined;
      }
      const isKept = confirm(marker);
      if (isReadable && !isKept) {
        // Late: the browser has other tokens by now. Without any, it does not keep them.
        if (readMarkers(markerName)[0] || isOver(marker)) return undefined;
        known = undefined;
        announce("cookies-blocked");
        return new SessionClientError(
          "COOKIES_BLOCKED",
          "no cookies: check cookiePrefix, Secure, SameSite (localhost, 127.0.0.1), Domain, Path, third-party",
        );
      }
      if (isReadable || !known || known.marker === started || isNewer(marker, known.marker))
        publish({ marker, user, antiCsrf: headers.get(ANTI_CSRF_HEADER), at: Date.now() }, 0);
      return undefined;
    },

    end,

    isUnsent() {
      const markers = readMarkers(markerName);
      const handles = (recall(name).ended ?? ended)?.split(SEPARATOR).map(handleOf);
      return !!handles && (markers[0] ? markers.some((marker) => handles.includes(handleOf(marker))) : !isReadable);
    },

    setSent() {
      ended = undefined;
      if (recall(name).ended) remember(name, { isReadable });
    },
  };
}

import {
  type ClientSession,
  ANTI_CSRF_HEADER,
  NO_SESSION,
  parseMarker,
  SESSION_HEADER,
  USER_HEADER,
} from "../../protocol.ts";
import type { ResponseHead, ClientSettings } from "./client-options.ts";
import { type EmitEvent, eventOf, type KnownState, type SessionState, type SignOutReason } from "./session-events.ts";
import { handleOf, isNewer, type KnownSession, SEPARATOR, usableFor } from "./known-session.ts";
import { clearDuplicates, readMarkers } from "./marker-cookies.ts";
import { recall, type Remembered, remember } from "./memory-of-pages.ts";
import { undefinedOnError } from "./undefined-on-error.ts";
import { SessionClientError } from "./session-client-error.ts";
import { joinTabs } from "./tab-channel.ts";

/** Who is signed in, as far as this page knows. All changes of it are in this file. */
export interface SessionStateHolder {
  /**
   * Reads the browser's current session, which other tabs and the server may have changed.
   * Undefined if there is none.
   */
  sync(): KnownSession | undefined;
  /** The session at the last read. */
  known(): KnownSession | undefined;
  /** Whether the access token has expired, by a clock that users cannot set. */
  isExpired(): boolean;
  session(): SessionState;
  /** Reads the session from a response. `started`: the marker with which the request was sent. */
  learn(response: ResponseHead, started: string | undefined): SessionClientError | undefined;
  /**
   * Forgets the session here and in all tabs. Responses that are still in flight cannot bring it
   * back.
   */
  end(reason: SignOutReason, isUnsent?: boolean): void;
  /**
   * Whether the browser still has a session that was signed out here, because the server has not
   * confirmed it.
   */
  isUnsent(): boolean;
  /** After the server has confirmed a sign-out. */
  setSent(): void;
}

/** A message between tabs: a session, or its end. */
interface TabMessage extends Remembered {
  readonly reason?: SignOutReason;
}

/** @param life its abort ends the state */
export function createSessionState(settings: ClientSettings, emit: EmitEvent, life: AbortSignal): SessionStateHolder {
  const { name, markerName, initialSession } = settings;
  const stored = recall(name);
  let isReadable = !!globalThis.document && (settings.isOwnOrigin || !!stored.isReadable);
  // Handles of ended sessions, and markers that were never current.
  const over = new Set(stored.ended?.split(SEPARATOR).map(handleOf));
  let known: KnownSession | undefined;
  let expiresAt = Infinity;
  let state = toState();
  // Whether only this tab remembers the session.
  let isTabOnly = false;
  // Handle of a session that was signed out here, until the server confirms it. It also works
  // without storage.
  let ended: string | undefined;
  // The last state with a known user or none. Events report the difference from it.
  let announced: KnownState | undefined;

  const tellTabs = joinTabs(name, life, receive, sync);
  sync(stored.at && Math.max(0, Date.now() - stored.at));
  // Asks the other tabs, which answer if each tab has to remember for itself.
  tellTabs({});
  if (state.status !== "loading") announced = state;

  /**
   * @param age of the marker, in ms; undefined if it is unknown, and the same marker then keeps its
   * age
   */
  function setKnown(next: KnownSession | undefined, age?: number, reason?: SignOutReason): void {
    const before = known;
    known = next && !isOver(next.marker) ? complete(next) : undefined;
    // The cookies of the signed-out session are gone.
    if (known) ended = undefined;
    const isOther = known?.marker !== before?.marker;
    // NaN if the age is unknown, so the token never looks expired.
    if (age !== undefined || isOther) expiresAt = performance.now() - Number(age) + usableFor(known?.marker);
    // A page that cannot see that the cookies are gone must not remember them after the browser.
    isTabOnly = !isReadable && known?.user?.persistent === false;
    remember(name, { ...(isTabOnly && known) }, true);
    if (isOther || known?.user !== before?.user) announce(reason);
  }

  /** Adds known facts about the same session. Equal facts stay the same object. */
  function complete(next: KnownSession): KnownSession {
    const { marker } = next;
    const handle = handleOf(marker);
    const earlier = [known, recall(name)].find((source) => handleOf(source?.marker) === handle);
    // The page's HTML is newer than the stored session, and older than what this page has learnt.
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
    emit(eventOf(before, state), state as never);
  }

  function isOver(marker: string): boolean {
    return marker.split(SEPARATOR).every((one) => over.has(one) || over.has(handleOf(one)));
  }

  /** The marker in the cookies. If several may be current, all of them, and the server is asked. */
  function readMarker(): string | undefined {
    const read = (): readonly string[] => readMarkers(markerName).filter((marker) => !isOver(marker));
    if (read()[1]) {
      clearDuplicates(markerName);
      // The last marker that the server sent to any tab.
      [recall(name), known].some((source) => source?.at && confirm(source.marker));
    }
    return read().join(SEPARATOR) || undefined;
  }

  /** Whether the browser has a marker that a response named. The other ones are then foreign. */
  function confirm(marker = ""): boolean {
    const markers = readMarkers(markerName);
    if (!markers.includes(marker)) return false;
    isReadable = true;
    for (const other of markers) if (other !== marker) over.add(other);
    return true;
  }

  function sync(age?: number): KnownSession | undefined {
    // If the cookies belong to another origin, only the stored session is available.
    if (!isReadable) receive(recall(name), age);
    const marker = readMarker();
    // Before a response names the marker, a cookie of that name may be it.
    if ((isReadable || (marker && !known?.at)) && marker !== known?.marker)
      setKnown(marker ? { marker } : undefined, age, "ended");
    return known;
  }

  function forget(handles: string, reason: SignOutReason): void {
    for (const one of handles.split(SEPARATOR)) over.add(handleOf(one));
    if (known && isOver(known.marker)) setKnown(undefined, undefined, reason);
  }

  /** Processes a message of another tab, or the stored session. */
  function receive({ marker, ended: gone, reason = "sign-out", ...rest }: TabMessage, age = 0): void {
    const isKept = confirm(marker);
    if (gone) forget(gone, reason);
    else if (!marker && isTabOnly && known) tellTabs(known);
    // Messages of several tabs may arrive out of order. The browser's cookies are always right.
    else if (marker && (!known || isKept || isNewer(marker, known.marker))) setKnown({ ...rest, marker }, age);
  }

  /** Applies a session from a response, and shares it with other tabs and the next page. */
  function publish(next: KnownSession, age?: number): void {
    setKnown(next, age);
    if (!known) return;
    remember(name, { ...(!isTabOnly && known), isReadable });
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
      // On a server all users share the client.
      if (!globalThis.location) return undefined;
      const marker = headers.get(SESSION_HEADER);
      // If a proxy has damaged the header, a refresh asks again.
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
      if (!confirm(marker) && isReadable) {
        // The response is late, and the browser has other tokens. Without any, it stores no
        // cookies.
        if (readMarkers(markerName)[0] || isOver(marker)) return undefined;
        known = undefined;
        announce("cookies-blocked");
        return new SessionClientError(
          "COOKIES_BLOCKED",
          "cookiePrefix, Secure, SameSite (localhost, 127.0.0.1), Domain, Path, third-party",
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

var counterfoil = (function(exports) {
	Object.defineProperty(exports, Symbol.toStringTag, { value: "Module" });
	// dist/lib/browser/listen.js
	/** Listens to the page, as long as there is one to listen to: not on a server. */
	function listen(event, life, listener) {
		globalThis.addEventListener?.(event, listener, { signal: life });
	}
	// dist/protocol.js
	/** The readable cookie of {@link SessionMarker}. */
	const MARKER_COOKIE = "sIdRefreshToken";
	/** Unsafe requests carry the anti-CSRF token in it, and sign-in and refresh hand it out. */
	const ANTI_CSRF_HEADER = "anti-csrf";
	/** The marker that an answer brings, for pages that cannot read the cookie of another origin; {@link NO_SESSION} when it ends the session. */
	const SESSION_HEADER = "counterfoil-session";
	/** Before the names of the lock and of the channel that the tabs of a browser share, and of what a page remembers. */
	const SHARED_NAME = "counterfoil:";
	/** In the `WWW-Authenticate` of each refusal that a refresh may cure, and of no other. */
	const REFRESH_CHALLENGE = "realm=\"session\"";
	/** The sign-out route. */
	const SIGN_OUT_ROUTE = "/session/signout";
	/** The marker in a text; undefined when it is none, or of another wire version. */
	function parseMarker(text) {
		const [, handle, generation, issuedAt, accessExpires] = /^1\.([A-Za-z0-9_-]{24})\.(\d{1,16})\.(\d{1,16})\.(\d{1,16})$/.exec(text) ?? [];
		if (handle === void 0) return void 0;
		return {
			handle,
			generation: Number(generation),
			issuedAt: Number(issuedAt),
			accessExpires: Number(accessExpires)
		};
	}
	// dist/lib/browser/session-client-error.js
	/** Why the client could not do its part. None of them ends the session. */
	var SessionClientError = class extends Error {
		name = "SessionClientError";
		constructor(code, message, details = {}) {
			super(message, details);
			Object.assign(this, details, { code });
		}
	};
	// dist/lib/browser/client-options.js
	const NOWHERE = "http://x";
	/** @throws SessionClientError `OPTIONS_INVALID` */
	function readOptions(options) {
		const here = globalThis.location?.origin;
		const { api = here ?? NOWHERE, refreshPath = "/session/refresh", signOutPath = SIGN_OUT_ROUTE } = options;
		const origins = [api].flat();
		for (const origin of origins) if (new URL(origin, NOWHERE).origin !== origin) throw new SessionClientError("OPTIONS_INVALID", `api: ${origin} is no origin like https://shop.example`);
		const [first] = origins;
		return {
			lockTimeout: 5e3,
			refreshTimeout: 1e4,
			isRefused: (answer) => challengeOf(answer).includes(REFRESH_CHALLENGE),
			...options,
			origins,
			refreshUrl: first + refreshPath,
			signOutUrl: first + signOutPath,
			name: SHARED_NAME + first + refreshPath,
			isOwnOrigin: first === here
		};
	}
	/** How the session routes are called. No header of ours, so that another origin needs no preflight. */
	const ROUTE_CALL = {
		method: "POST",
		credentials: "include",
		redirect: "error"
	};
	/** Whether a token came with the request that was refused (RFC 6750 3.1). */
	const hasToken = (answer) => challengeOf(answer).includes("error=");
	const challengeOf = (answer) => answer.headers.get("www-authenticate") ?? "";
	// dist/lib/browser/intercept-fetch.js
	const WRAPPER = Symbol.for("counterfoil.fetch");
	/** Puts a function in the place of the page's `fetch`. `original`: what was there. */
	function interceptFetch(call) {
		const original = globalThis.fetch;
		const wrapper = {
			original,
			isActive: true
		};
		globalThis.fetch = Object.assign((input, init) => (wrapper.isActive ? call : original)(input, init), { [WRAPPER]: wrapper });
		return {
			original,
			undo() {
				wrapper.isActive = false;
				for (;;) {
					const outermost = globalThis.fetch[WRAPPER];
					if (outermost === void 0 || outermost.isActive) return;
					globalThis.fetch = outermost.original;
				}
			}
		};
	}
	// dist/lib/browser/abortable.js
	/** Waits for work that is shared with others, no longer than the caller wants to: the work goes on. Rejects with the signal's reason. */
	function abortable(work, signal) {
		if (!signal) return work;
		return new Promise((resolve, reject) => {
			const stop = () => reject(signal.reason);
			if (signal.aborted) stop();
			signal.addEventListener("abort", stop);
			work.then(resolve, reject).finally(() => signal.removeEventListener("abort", stop));
		});
	}
	// dist/lib/browser/session-calls.js
	const CHANGES_NOTHING = /^(GET|HEAD|OPTIONS)$/i;
	function createSessionCalls(settings, state, refresh) {
		let futile;
		function equip(known, { url, method }, isSecond) {
			const headers = {};
			if (known && !CHANGES_NOTHING.test(method)) {
				headers["rid"] = "1";
				if (known.antiCsrf) headers[ANTI_CSRF_HEADER] = known.antiCsrf;
			}
			return {
				headers,
				url,
				method,
				marker: known?.marker,
				isSecond
			};
		}
		return {
			async prepare(call) {
				const { url, method, signal, isSignIn } = call;
				if (url === settings.refreshUrl || url === settings.signOutUrl || !settings.origins.includes(new URL(url).origin)) return void 0;
				let known = state.sync();
				const isUnarmed = known?.antiCsrf === void 0 && !CHANGES_NOTHING.test(method);
				const isNeeded = known && !isSignIn && (state.isExpired() || isUnarmed);
				if (isNeeded || refresh.flight) {
					const result = await abortable(refresh.run(known?.marker), signal);
					if (isNeeded && typeof result !== "string") throw result;
					known = state.sync();
				}
				return equip(known, call, false);
			},
			async settle(call, answer, canResend = true) {
				const blocked = state.learn(answer, call.marker);
				if (blocked || !settings.isRefused(answer)) return blocked;
				let known = state.sync();
				if (known?.marker === call.marker) {
					if (call.isSecond) futile = call.marker + call.url;
					if (call.isSecond || (known ? known.marker + call.url === futile : !hasToken(answer))) return void 0;
					const result = await refresh.run(call.marker);
					if (result === "over") return void 0;
					if (result !== "fresh") return result;
					known = state.sync();
				} else if (!known || call.isSecond) return;
				if (!canResend) return new SessionClientError("BODY_NOT_REPLAYABLE", "a stream is sent once");
				return equip(known, call, true);
			}
		};
	}
	// dist/lib/browser/session-fetch.js
	/**
	* Sends a request of the API as often as it takes, which is once or twice, and any other one as it is. Each time with the same bytes, as
	* they were when it was called.
	*/
	async function sessionFetch(calls, send, input, init) {
		const request = new Request(input, init);
		const { url, method, signal } = request;
		const canResend = !(init?.body instanceof ReadableStream);
		const prepared = request.credentials === "omit" ? void 0 : await calls.prepare({
			url,
			method,
			signal
		});
		if (!prepared) return send(request);
		for (let call = prepared;;) {
			const copy = canResend && !call.isSecond ? request.clone() : request;
			for (const [header, value] of Object.entries(call.headers)) copy.headers.set(header, value);
			const response = await send(copy, limit(copy, call));
			const verdict = await abortable(calls.settle(call, response, canResend), signal);
			if (!verdict) return response;
			if (verdict instanceof SessionClientError) return Object.assign(response, { sessionError: verdict });
			response.body?.cancel();
			call = verdict;
		}
	}
	/** Where a request goes, and what goes with it. */
	function limit({ url, referrer, referrerPolicy, credentials, redirect }, { headers }) {
		const isOwnOrigin = new URL(url).origin === globalThis.location?.origin;
		return {
			referrer,
			referrerPolicy,
			credentials: isOwnOrigin || credentials !== "same-origin" ? credentials : "include",
			...headers["rid"] && redirect === "follow" && (isOwnOrigin ? { mode: "same-origin" } : { redirect: "error" })
		};
	}
	// dist/lib/browser/session-lock.js
	/**
	* Runs a network call while no other tab or worker of this origin runs one under the same name. A holder that is frozen, or hangs, is
	* waited for no longer than `timeout` ms: the server tolerates two at once, a page that waits for ever helps nobody. Never held
	* around code of the app, so that no deadlock can be built with it.
	*
	* Those who have waited in vain do not all go ahead at once: they take turns by a second lock, and are waited for as long once more.
	*/
	async function withLock(name, timeout, call, isLate = false) {
		const locks = globalThis.navigator?.locks;
		if (!locks) return call();
		let granted = false;
		try {
			return await locks.request(name, { signal: AbortSignal.timeout(timeout) }, () => {
				granted = true;
				return call();
			});
		} catch (error) {
			if (granted) throw error;
			return isLate ? call() : withLock(`${name}+`, timeout, call, true);
		}
	}
	// dist/lib/browser/session-refresh.js
	const SHORTEST_REST = 1e3;
	function createSessionRefresh(settings, state, emit, { send, life }) {
		let flight;
		let failure;
		let restsUntil = 0;
		let rest = SHORTEST_REST;
		async function attempt(seen) {
			const before = state.sync();
			if (before?.marker !== seen) {
				if (!before) return "over";
				if (before.user) return "fresh";
			}
			const signal = AbortSignal.timeout(settings.refreshTimeout);
			try {
				for (;;) {
					const answer = await send(settings.refreshUrl, {
						...ROUTE_CALL,
						signal
					});
					const text = await answer.text();
					if (answer.ok) {
						const blocked = state.learn(answer, before?.marker);
						if (blocked) return blocked;
						if (answer.headers.has("counterfoil-session") || state.sync()?.marker !== before?.marker) return "fresh";
					}
					if (settings.isRefused(answer)) {
						state.end(!hasToken(answer) ? "cookies-blocked" : text.includes("token theft detected") ? "theft" : "ended");
						return "over";
					}
					const retryAfter = Number(answer.headers.get("retry-after")) * 1e3 || void 0;
					if (answer.status !== 409) {
						const { status } = answer;
						return new SessionClientError("REFRESH_FAILED", `refresh answered ${status}`, {
							status,
							retryAfter
						});
					}
					await new Promise((resolve) => setTimeout(resolve, retryAfter ?? SHORTEST_REST));
					if (state.sync()?.marker !== before?.marker) return "fresh";
				}
			} catch (cause) {
				return new SessionClientError(signal.aborted ? "REFRESH_TIMEOUT" : "REFRESH_UNREACHABLE", "no answer", { cause });
			}
		}
		async function fly(seen) {
			const result = await withLock(settings.name, settings.lockTimeout, () => attempt(seen)).finally(() => {
				flight = void 0;
			});
			if (typeof result === "string") {
				failure = void 0;
				rest = SHORTEST_REST;
				return result;
			}
			failure = result;
			if (result.code !== "REFRESH_TIMEOUT") restsUntil = performance.now() + (result.retryAfter ?? rest);
			rest = Math.min(rest * 2, 3e4);
			emit("refresh-failed", result);
			return result;
		}
		async function run(seen, force = false) {
			if (!flight && !force && failure && performance.now() < restsUntil) return failure;
			return flight ??= fly(seen);
		}
		return {
			get flight() {
				return flight;
			},
			run,
			wake() {
				if (!failure || failure.retryAfter && performance.now() < restsUntil) return;
				failure = void 0;
				const seen = state.sync()?.marker;
				setTimeout(() => {
					if (seen && !life.aborted) run(seen);
				}, Math.random() * SHORTEST_REST);
			}
		};
	}
	// dist/lib/browser/or-undefined.js
	/** What a browser may refuse to do, since its user has blocked it, or there is no page. */
	function orUndefined(act) {
		try {
			return act();
		} catch {
			return;
		}
	}
	// dist/lib/browser/known-session.js
	/** Name of the session that a marker belongs to. One of another wire version is a name of its own. */
	const handleOf = (marker) => parseMarker(marker)?.handle ?? marker;
	/** How long the access token that came with a marker can be used, in ms: as it lives by the server's clock, less a little for its way. */
	function usableFor(marker) {
		const parsed = parseMarker(marker);
		const life = parsed ? parsed.accessExpires - parsed.issuedAt : Infinity;
		return life - Math.min(life / 10, 5e3);
	}
	/** Whether one marker was made after another one: generations are counted, and only sessions are compared by time. */
	function isNewer(marker, than) {
		const [a, b] = [parseMarker(marker), parseMarker(than)];
		if (!a || !b) return marker !== than;
		return ((a.handle === b.handle ? a.generation - b.generation : 0) || a.issuedAt - b.issuedAt) > 0;
	}
	/** The marker in the readable cookie; undefined where there is none, or cookies cannot be read. */
	function readMarkerCookie() {
		const cookies = orUndefined(() => document.cookie) ?? "";
		const find = (prefix) => new RegExp(`(?:^|; )${prefix}${MARKER_COOKIE}=([^;]+)`).exec(cookies)?.[1];
		return find("__Host-") ?? find("");
	}
	// dist/lib/browser/memory-of-pages.js
	/** Empty where nothing is stored, or the browser stores nothing for this page. */
	function recall(name) {
		return orUndefined(() => JSON.parse(localStorage.getItem(name) ?? "")) ?? {};
	}
	/** Where it cannot be stored, each page asks once. */
	function remember(name, what) {
		orUndefined(() => localStorage.setItem(name, JSON.stringify(what)));
	}
	// dist/lib/browser/tab-channel.js
	/**
	* Joins the channel. It is left while the page rests in the back/forward cache, which an open channel would keep it out of; `onBack` says that
	* it may have missed something.
	*
	* @param life ends it
	*/
	function joinTabs(name, life, onMessage, onBack) {
		let channel;
		const leave = () => {
			channel?.close();
			channel = void 0;
		};
		const join = () => {
			if (life.aborted || typeof BroadcastChannel === "undefined") return;
			channel = new BroadcastChannel(name);
			channel.addEventListener("message", ({ data }) => onMessage(data));
		};
		join();
		life.addEventListener("abort", leave);
		listen("pagehide", life, leave);
		listen("pageshow", life, (event) => {
			if (!event.persisted) return;
			join();
			onBack();
		});
		return { tell: (message) => channel?.postMessage(message) };
	}
	// dist/lib/browser/session-state.js
	/** @param life ends it */
	function createSessionState(settings, emit, life) {
		const { name, initialSession } = settings;
		const stored = recall(name);
		let isReadable = !!globalThis.document && (settings.isOwnOrigin || !!stored.isReadable);
		let { ended } = stored;
		let known;
		let expiresAt = Infinity;
		let state = describe();
		let told;
		const tabs = joinTabs(name, life, hear, sync);
		sync(stored.at && Math.max(0, Date.now() - stored.at));
		if (state.status !== "loading") told = state;
		/** @param age of the marker, in ms; undefined where nobody can tell, and nothing new is known of it where it is the same one */
		function become(next, age, reason) {
			const before = known;
			known = next && handleOf(next.marker) !== ended ? complete(next) : void 0;
			if (age !== void 0 || known?.marker !== before?.marker) expiresAt = performance.now() - Number(age) + usableFor(known?.marker ?? "");
			if (known?.marker === before?.marker && known?.user === before?.user) return;
			state = describe(reason);
			announce();
		}
		/** Adds what is known of the same session from elsewhere. Equal facts stay the same object. */
		function complete({ marker, user, antiCsrf, at }) {
			const handle = handleOf(marker);
			const earlier = [known, recall(name)].find((source) => handleOf(source?.marker ?? "") === handle);
			const old = !known && initialSession?.handle === handle ? initialSession : earlier?.user;
			return {
				marker,
				user: !user || JSON.stringify(user) === JSON.stringify(old) ? old : user,
				antiCsrf: antiCsrf === void 0 ? earlier?.antiCsrf : antiCsrf,
				at
			};
		}
		function describe(reason) {
			if (!known) return {
				status: "signed-out",
				reason
			};
			const { marker, user } = known;
			if (!user) return { status: "loading" };
			return {
				status: "signed-in",
				...user,
				accessExpires: parseMarker(marker)?.accessExpires
			};
		}
		function announce() {
			emit("change", state);
			if (state.status === "loading") return;
			const before = told;
			told = state;
			if (!before) return;
			if (state.status === "signed-out") emit("signed-out", state);
			else if (before.status === "signed-out") emit("signed-in", state);
			else if (before.handle === state.handle) emit("refreshed", state);
			else emit(before.userId === state.userId ? "signed-in" : "user-changed", state);
		}
		function sync(age) {
			const cookie = readMarkerCookie();
			isReadable ||= cookie !== void 0;
			if (isReadable) {
				if (cookie !== known?.marker) become(cookie ? { marker: cookie } : void 0, age, "ended");
			} else hear(recall(name), age);
			return known;
		}
		function forget(handle, reason) {
			ended = handle;
			if (known && handleOf(known.marker) === handle) become(void 0, void 0, reason);
		}
		/** What another tab tells, or has stored. */
		function hear({ marker, ended: over, reason = "sign-out", ...rest }, age = 0) {
			if (over) forget(over, reason);
			else if (marker && (!known || marker === readMarkerCookie() || isNewer(marker, known.marker))) become({
				...rest,
				marker
			}, age);
		}
		/** Takes it from an answer, and lets the other tabs and the next page know. */
		function tell(next, age) {
			become(next, age);
			if (!known) return;
			remember(name, {
				...known,
				isReadable
			});
			tabs.tell(known);
		}
		function end(reason, isUntold = false) {
			if (!known) return;
			const handle = handleOf(known.marker);
			remember(name, isUntold ? {
				isReadable,
				ended: handle
			} : { isReadable });
			tabs.tell({
				ended: handle,
				reason
			});
			forget(handle, reason);
		}
		return {
			sync: () => sync(),
			isExpired: () => performance.now() >= expiresAt,
			session: () => state,
			learn({ headers }, started) {
				const marker = headers.get(SESSION_HEADER);
				const user = orUndefined(() => JSON.parse(headers.get("counterfoil-user") ?? ""));
				if (marker === null) {
					if (known && handleOf(known.marker) === user?.handle) tell({
						...known,
						user
					});
					return;
				}
				if (marker === "none") {
					if (started && known && handleOf(known.marker) === handleOf(started)) end("sign-out");
					return;
				}
				const cookie = readMarkerCookie();
				if (isReadable && cookie !== marker) {
					if (cookie || handleOf(marker) === ended) return void 0;
					return new SessionClientError("COOKIES_BLOCKED", "no cookies are kept");
				}
				if (isReadable || !known || known.marker === started || isNewer(marker, known.marker)) tell({
					marker,
					user,
					antiCsrf: headers.get(ANTI_CSRF_HEADER),
					at: Date.now()
				}, 0);
			},
			end,
			isUntold() {
				const cookie = readMarkerCookie();
				const handle = recall(name).ended;
				return !!handle && (cookie ? handleOf(cookie) === handle : !isReadable);
			},
			setTold() {
				if (recall(name).ended) remember(name, { isReadable });
			}
		};
	}
	// dist/lib/browser/session-client.js
	/**
	* Makes the client. Nothing global is touched.
	*
	* @throws SessionClientError `OPTIONS_INVALID`
	*
	* @example
	* ```ts
	* import { createSessionClient } from "counterfoil/browser";
	*
	* const client = createSessionClient();
	* await client.signIn("/login", { method: "POST", body: new FormData(form) });
	* const answer = await client.fetch("/api/like", { method: "POST" });
	* ```
	*/
	function createSessionClient(options = {}) {
		const settings = readOptions(options);
		const target = new EventTarget();
		const emit = (event, detail) => target.dispatchEvent(new CustomEvent(event, { detail }));
		let interception;
		const send = (input, init) => (interception?.original ?? globalThis.fetch)(input, init);
		const ending = new AbortController();
		const life = ending.signal;
		if (!globalThis.location) ending.abort();
		const state = createSessionState(settings, emit, life);
		const refresh = createSessionRefresh(settings, state, emit, {
			send,
			life
		});
		const calls = createSessionCalls(settings, state, refresh);
		const alone = async (input, init) => {
			await refresh.flight;
			return withLock(settings.name, settings.lockTimeout, () => send(input, init));
		};
		async function tellSignOut() {
			try {
				const started = state.sync()?.marker;
				const signal = AbortSignal.timeout(2 * settings.refreshTimeout);
				const answer = await alone(settings.signOutUrl, {
					...ROUTE_CALL,
					keepalive: true,
					signal
				});
				state.learn(answer, started);
				const isOver = answer.ok || settings.isRefused(answer);
				if (isOver) state.setTold();
				return isOver;
			} catch {
				return false;
			}
		}
		function restore() {
			interception?.undo();
			interception = void 0;
		}
		/** Finds out what there is no other way to know. */
		function recover() {
			if (state.session().status === "loading") refresh.run(state.sync()?.marker);
		}
		function wake() {
			if (globalThis.document?.visibilityState === "hidden") return;
			state.sync();
			if (state.isUntold()) tellSignOut();
			refresh.wake();
		}
		const signInCalls = {
			...calls,
			prepare: (call) => calls.prepare({
				...call,
				isSignIn: true
			})
		};
		const callApi = (input, init) => sessionFetch(calls, send, input, init);
		const client = {
			...calls,
			fetch: callApi,
			signIn: (input, init) => sessionFetch(signInCalls, alone, input, init),
			session: () => state.session(),
			async refresh() {
				const result = await refresh.run(state.sync()?.marker, true);
				if (typeof result !== "string") throw result;
				return client.session();
			},
			signOut() {
				state.sync();
				state.end("sign-out", true);
				return tellSignOut();
			},
			on(event, listener) {
				const hear = (happened) => listener(happened.detail);
				target.addEventListener(event, hear);
				return () => target.removeEventListener(event, hear);
			},
			subscribe: (listener) => client.on("change", listener),
			intercept() {
				interception ??= interceptFetch(callApi);
				return restore;
			},
			dispose() {
				ending.abort();
				restore();
			}
		};
		target.addEventListener("change", () => queueMicrotask(recover));
		listen("online", life, wake);
		listen("visibilitychange", life, wake);
		recover();
		if (state.isUntold()) tellSignOut();
		return client;
	}
	exports.SessionClientError = SessionClientError;
	exports.createSessionClient = createSessionClient;
	return exports;
})({});

/**
 * A client, a thief and the network between them and a real server, as a discrete-event simulation
 * in fake time.
 *
 * The client has one cookie jar and any number of tabs: whichever tab sends, it sends what the jar
 * holds at that moment. Each copy of a request arrives after a delay of its own, and so does each
 * answer; none at all: it was lost, or the server died before it answered. Only a new refresh token
 * changes the jar, an answer that carries the presented one sets no refresh cookie.
 *
 * Times are ms since the start of the run, whole multiples of 1/1024 ms, so that their sums are
 * exact.
 */
export type Party = "victim" | "thief";

/**
 * What became of a presented token; `reported`: reuse that was told, and renewed instead of ending
 * the session.
 */
export type Outcome = "mint" | "confirm" | "renew" | "retry" | "reuse" | "reported" | "ahead" | "gone";

export interface Delivery {
  /** From the sender to the server. */
  readonly after: number;
  /** From the server back; null: it never comes. */
  readonly answerAfter: number | null;
}

export interface Sending {
  /** Since the sending before. */
  readonly gap: number;
  /**
   * How many of the tokens that the thief got later than this one it leaves alone; the victim
   * always sends what its jar holds.
   */
  readonly older: number;
  /** None: the request was lost. Two: it was repeated. */
  readonly deliveries: readonly Delivery[];
}

/** `gap` ms after the victim has sent so many times, or after its last time. */
export interface Moment {
  readonly sendings: number;
  readonly gap: number;
}

export interface Schedule {
  readonly victim: readonly Sending[];
  readonly theft?: Moment;
  readonly thief?: readonly Sending[];
  readonly revocation?: Moment;
  /**
   * Changes of the session's data and claims, which move the row's version under the refreshes'
   * feet.
   */
  readonly updates?: readonly Moment[];
  /**
   * When all of the above has come to rest the victim refreshes once after each of these waits,
   * over a perfect network.
   */
  readonly waits?: readonly number[];
  /**
   * When all has come to rest both parties go on like this, over and over, until the session ends
   * or so many rounds are over.
   */
  readonly ending?: Ending;
}

export interface Ending extends Readonly<Record<Party, readonly Sending[]>> {
  readonly rounds: number;
  /** When each begins. */
  readonly firstAfter: Readonly<Record<Party, number>>;
}

export interface Token {
  readonly value: string;
  /** For instance g2b: the second that was made in generation 2. */
  readonly name: string;
  readonly generation: number;
  /** For whom it was made, and who copied it. */
  readonly holders: Set<Party>;
}

interface Mark {
  readonly kind: "theft" | "revoked" | "quiet";
  readonly at: number;
}

export type Entry =
  | Mark
  | {
      readonly kind: "refresh";
      readonly at: number;
      readonly party: Party;
      readonly token: Token;
      readonly outcome: Outcome;
      /** It began after the session had ended. */
      readonly late: boolean;
    };

/** The library under test. Every call happens at the time that was last set. */
export interface Server {
  setTime(ms: number): void;
  signIn(): Promise<{ readonly handle: string; readonly token: string }>;
  /**
   * Tells the outcome at the moment of the decision; gives the refresh token that the answer
   * carries, if it was not the presented one.
   */
  refresh(token: string, decided: (outcome: Outcome) => void): Promise<string | undefined>;
  revoke(handle: string): Promise<void>;
  update(handle: string, value: number): Promise<void>;
}

export interface Run {
  readonly handle: string;
  /** In the order of the decisions. */
  readonly log: readonly Entry[];
  /**
   * Rounds of the ending that were over when the session ended; a round is over when both have
   * refreshed in it.
   */
  readonly rounds: number;
}

export interface SimulationOptions {
  /** Whatever falls on one moment happens in parallel, not one by one. */
  readonly together?: boolean;
  /** The client also stores a refresh token that comes back as it was presented. */
  readonly storesEveryAnswer?: boolean;
}

/** Refreshes that are tried after the session has ended; more of them would tell nothing new. */
const MOST_LATE = 5;

interface Agenda {
  at(time: number, work: () => void | Promise<void>): void;
  drain(): Promise<void>;
}

function createAgenda(setTime: (ms: number) => void, together: boolean): Agenda {
  const entries: { readonly time: number; readonly work: () => void | Promise<void> }[] = [];
  return {
    at(time, work) {
      entries.splice(entries.findLastIndex((entry) => entry.time <= time) + 1, 0, { time, work });
    },
    async drain() {
      for (let first = entries[0]; first !== undefined; first = entries[0]) {
        const { time } = first;
        const count = together ? entries.findLastIndex((entry) => entry.time === time) + 1 : 1;
        setTime(time);
        await Promise.all(entries.splice(0, count).map(async ({ work }) => work()));
      }
    },
  };
}

export async function simulate(server: Server, schedule: Schedule, options: SimulationOptions = {}): Promise<Run> {
  let now = 0;
  const setTime = (ms: number): void => {
    now = ms;
    server.setTime(ms);
  };
  const agenda = createAgenda(setTime, options.together ?? false);
  const log: Entry[] = [];
  const madeOf: number[] = [];
  let ended = false;
  let late = 0;
  let rounds = 0;
  let refreshed = new Set<Party>();

  setTime(0);
  const { handle, token: first } = await server.signIn();
  let jar = register(first, 0, "victim");
  const loot: Token[] = [];

  const sentAt = [0, ...accumulate(schedule.victim, 0)];
  const timeOf = ({ sendings, gap }: Moment): number => (sentAt[sendings] ?? sentAt.at(-1) ?? 0) + gap;
  plan("victim", schedule.victim);
  if (schedule.theft !== undefined) agenda.at(timeOf(schedule.theft), steal);
  if (schedule.revocation !== undefined) agenda.at(timeOf(schedule.revocation), revoke);
  for (const [index, update] of (schedule.updates ?? []).entries()) {
    agenda.at(timeOf(update), () => server.update(handle, index));
  }
  await agenda.drain();
  log.push({ kind: "quiet", at: now });
  if (schedule.ending !== undefined) {
    goOn("victim", schedule.ending);
    goOn("thief", schedule.ending);
    await agenda.drain();
  }

  for (const wait of schedule.waits ?? []) {
    agenda.at(now + wait, () => send("victim", { gap: wait, older: 0, deliveries: [{ after: 0, answerAfter: 0 }] }));
    await agenda.drain();
  }
  return { handle, log, rounds };

  function register(value: string, generation: number, holder: Party): Token {
    const number = (madeOf[generation] ?? 0) + 1;
    madeOf[generation] = number;
    const token = { value, generation, name: `g${generation}${nameOfNumber(number)}`, holders: new Set([holder]) };
    return token;
  }

  function plan(party: Party, sendings: readonly Sending[]): void {
    for (const [index, time] of accumulate(sendings, now).entries()) {
      const sending = sendings[index];
      if (sending !== undefined) agenda.at(time, () => send(party, sending));
    }
  }

  function goOn(party: Party, ending: Ending, index = 0): void {
    const sending = ending[party][index % ending[party].length];
    if (sending === undefined || ended || rounds >= ending.rounds) return;
    agenda.at(now + (index === 0 ? ending.firstAfter[party] : sending.gap), () => {
      send(party, sending, () => {
        refreshed.add(party);
        if (ended || refreshed.size < 2) return;
        rounds += 1;
        refreshed = new Set();
      });
      goOn(party, ending, index + 1);
    });
  }

  function send(party: Party, { older, deliveries }: Sending, done?: () => void): void {
    const token = party === "victim" ? jar : (loot.at(-1 - older) ?? loot[0]);
    if (token === undefined || late >= MOST_LATE) return;
    if (ended) late += 1;
    for (const { after, answerAfter } of deliveries) {
      agenda.at(now + after, async () => {
        await refresh(party, token, answerAfter);
        done?.();
      });
    }
  }

  async function refresh(party: Party, token: Token, answerAfter: number | null): Promise<void> {
    const at = now;
    const afterEnd = ended;
    const carried = await server.refresh(token.value, (outcome) => {
      log.push({ kind: "refresh", at, party, token, outcome, late: afterEnd });
      if (outcome === "reuse") ended = true;
    });
    const child = carried === undefined ? undefined : register(carried, token.generation + 1, party);
    const stored = child ?? (options.storesEveryAnswer ? token : undefined);
    if (answerAfter !== null && stored !== undefined) agenda.at(at + answerAfter, () => take(party, stored));
  }

  function take(party: Party, token: Token): void {
    if (party === "victim") jar = token;
    else loot.push(token);
  }

  function steal(): void {
    jar.holders.add("thief");
    loot.push(jar);
    log.push({ kind: "theft", at: now });
    plan("thief", schedule.thief ?? []);
  }

  async function revoke(): Promise<void> {
    await server.revoke(handle);
    ended = true;
    log.push({ kind: "revoked", at: now });
  }
}

function accumulate(sendings: readonly Sending[], since: number): number[] {
  let time = since;
  return sendings.map(({ gap }) => (time += gap));
}

const nameOfNumber = (number: number): string => (number <= 26 ? String.fromCharCode(96 + number) : `#${number}`);

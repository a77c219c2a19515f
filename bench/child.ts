import { fork } from "node:child_process";
import { once } from "node:events";

/** A process that is measured: it answers one question at a time, and idles in between. */
export interface Child<Question, Answer, Ready> {
  /** What it told when it was ready. */
  readonly ready: Ready;
  ask(question: Question): Promise<Answer>;
  stop(): Promise<void>;
}

/** @param order the argument of the program, which calls `serveParent` */
export async function startChild<Question extends object, Answer, Ready>(
  program: URL,
  order: object,
  execArgv: readonly string[] = [],
): Promise<Child<Question, Answer, Ready>> {
  const child = fork(program, [JSON.stringify(order)], {
    execArgv: [...execArgv],
    env: { ...process.env, NODE_ENV: "production" },
  });
  const exited = once(child, "exit");
  const gone = exited.then(([code, signal]: readonly unknown[]) => {
    throw new Error(`${program.pathname} ${JSON.stringify(order)} has ended: ${String(signal ?? code)}`);
  });
  // A question that waits for its answer notices it.
  gone.catch(() => undefined);
  const receive = async <T>(): Promise<T> => ((await Promise.race([once(child, "message"), gone])) as [T])[0];
  return {
    ready: await receive<Ready>(),
    async ask(question) {
      const answer = receive<Answer>();
      child.send(question);
      return answer;
    },
    async stop() {
      child.kill();
      await exited;
    },
  };
}

interface Served<Question, Answer, Ready> {
  readonly ready: Ready;
  readonly answer: (question: Question) => Answer | Promise<Answer>;
}

/** In the process of the child. A failure ends it, which the parent tells. */
export async function serveParent<Order, Question, Answer, Ready>(
  start: (order: Order) => Promise<Served<Question, Answer, Ready>>,
): Promise<void> {
  const { ready, answer } = await start(JSON.parse(process.argv[2] ?? "") as Order);
  const send = (message: unknown): void => void process.send?.(message);
  process.on("message", (question: Question) => void Promise.resolve(answer(question)).then(send));
  process.once("disconnect", () => process.exit());
  send(ready);
}

/** Of this process, all threads, user and system, in µs. */
export function cpuTime(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

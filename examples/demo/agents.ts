import { randomBytes } from "node:crypto";
import { getCookieNames } from "counterfoil";
import { HEADERS } from "counterfoil/protocol";
import { createCookieJar } from "./cookie-jar.ts";

/**
 * A browser on another machine, played by the demo's server. Its requests are real ones, over HTTP,
 * to the same routes.
 */
export interface Agent {
  /** Unguessable, since anybody who knows it can use the agent. */
  readonly id: string;
  signIn(name: string): Promise<AgentAnswer>;
  send(action: AgentAction): Promise<AgentAnswer>;
}

export interface Identity {
  readonly name: string;
  readonly userAgent: string;
  /** An address of one of the networks for examples (RFC 5737). */
  readonly ip: string;
}

/** What an agent got. No token but the marker, which is readable by any script. */
export interface AgentAnswer {
  readonly status: number;
  readonly body: unknown;
  readonly challenge: string | null;
  readonly retryAfter: string | null;
  readonly marker: string | undefined;
}

const ACTIONS = {
  me: { method: "GET", path: "/api/me" },
  like: { method: "POST", path: "/api/like" },
  refresh: { method: "POST", path: "/session/refresh" },
} as const;

export type AgentAction = keyof typeof ACTIONS;
export const isAgentAction = (name: string): name is AgentAction => Object.hasOwn(ACTIONS, name);

/** Request header by which the timeline tells the sides apart; the library does not know it. */
export const PLAYED_BY = "x-demo-played-by";

export interface Agents {
  /** @param cookies a `Cookie` header to begin with */
  create(identity: Identity, cookies?: string): Agent;
  find(id: string): Agent | undefined;
}

const MOST_AGENTS = 200;

export function createAgents(origin: () => string): Agents {
  const agents = new Map<string, Agent>();
  return {
    create(identity, cookies = "") {
      const agent = createAgent(origin, identity, cookies);
      agents.set(agent.id, agent);
      const [oldest] = agents.keys();
      if (agents.size > MOST_AGENTS && oldest !== undefined) agents.delete(oldest);
      return agent;
    },
    find: (id) => agents.get(id),
  };
}

function createAgent(origin: () => string, { name, userAgent, ip }: Identity, cookies: string): Agent {
  const jar = createCookieJar(cookies);
  let antiCsrfToken: string | null = null;

  async function request(method: string, path: string, body: URLSearchParams | null = null): Promise<AgentAnswer> {
    const headers = new Headers({
      cookie: jar.header(),
      "user-agent": userAgent,
      "x-forwarded-for": ip,
      [PLAYED_BY]: name,
    });
    if (antiCsrfToken !== null) headers.set(HEADERS.antiCsrf, antiCsrfToken);
    const response = await fetch(origin() + path, { method, headers, body });
    jar.store(response.headers.getSetCookie());
    antiCsrfToken = response.headers.get(HEADERS.antiCsrf) ?? antiCsrfToken;
    return {
      status: response.status,
      body: await response.json(),
      challenge: response.headers.get("www-authenticate"),
      retryAfter: response.headers.get("retry-after"),
      marker: jar.get(getCookieNames().marker),
    };
  }

  return {
    id: randomBytes(16).toString("base64url"),
    signIn: (user) => request("POST", "/login", new URLSearchParams({ name: user, device: name })),
    send: (action) => request(ACTIONS[action].method, ACTIONS[action].path),
  };
}

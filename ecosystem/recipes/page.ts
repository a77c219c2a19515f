/** What runs in the page of the recipes. */
import { createTRPCClient, httpBatchLink } from "@trpc/client";
import { createSessionClient } from "counterfoil/browser";
import type { router } from "./trpc.ts";

const client = createSessionClient();

const trpc = createTRPCClient<typeof router>({
  links: [httpBatchLink({ url: "/trpc", fetch: (url, init) => client.fetch(url, init as RequestInit) })],
});

async function graphql(query: string): Promise<unknown> {
  const response = await client.fetch("/graphql", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ query }),
  });
  return response.json();
}

export interface RecipePage {
  readonly client: typeof client;
  readonly trpc: typeof trpc;
  readonly graphql: typeof graphql;
}
Object.assign(globalThis, { recipe: { client, trpc, graphql } satisfies RecipePage });

// oxlint-disable-next-line import/no-unassigned-import -- Nest wants it so
import "reflect-metadata";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { ApolloDriver, type ApolloDriverConfig } from "@nestjs/apollo";
import { Controller, Get, Module } from "@nestjs/common";
import { APP_GUARD, NestFactory } from "@nestjs/core";
import { GraphQLModule } from "@nestjs/graphql";
import { ExpressAdapter } from "@nestjs/platform-express";
import { FastifyAdapter } from "@nestjs/platform-fastify";
import { getUpgradeSession } from "counterfoil/websocket";
import { NoSession, SessionGuard, SessionModule } from "counterfoil/nest";
import type { IncomingMessage } from "node:http";
import type { Listening } from "../../test/fixtures/listen.ts";
import { type Http, NotesResolver, OpenResolver, RecentResolver } from "./resolvers.ts";
import { TwoInstancesResolver } from "./two-instances.ts";
import { YogaDriver } from "./yoga-driver.ts";

const SCHEMA = { autoSchemaFile: true } as const;

/** As the guide says. */
const APOLLO: ApolloDriverConfig = {
  driver: ApolloDriver,
  ...SCHEMA,
  graphiql: false,
  context: ({ req, res }: Http) => ({ req, res }),
  preserveHttpStatusForExecutionErrors: false,
  subscriptions: {
    "graphql-ws": {
      // Before any operation: a socket has no response, so the guard cannot check it.
      onConnect: async ({ extra }) => {
        try {
          await getUpgradeSession((extra as { readonly request: IncomingMessage }).request);
          return true;
        } catch {
          return false; // closes the socket with 4403
        }
      },
    },
  },
};

@Controller()
class RoutesController {
  @Get("closed")
  closed(): string {
    return "closed";
  }

  @NoSession()
  @Get("health")
  health(): string {
    return "healthy";
  }
}

/** By class, as Nest makes it without options. */
const GUARD = { provide: APP_GUARD, useClass: SessionGuard };

async function start(
  graphql: ReturnType<typeof GraphQLModule.forRoot>,
  platform: ExpressAdapter | FastifyAdapter,
): Promise<Listening> {
  @Module({
    imports: [SessionModule.forRoot(), graphql],
    controllers: [RoutesController],
    providers: [GUARD, NotesResolver, OpenResolver, RecentResolver, TwoInstancesResolver],
  })
  // oxlint-disable-next-line typescript/no-extraneous-class -- in Nest a module is a class
  class AppModule {}
  const app = await NestFactory.create(AppModule, platform, { logger: false, abortOnError: false });
  await app.listen(0, "127.0.0.1");
  const server = app.getHttpServer() as Server;
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      server.closeAllConnections();
      await app.close();
    },
  };
}

export const startApollo = (options: Partial<ApolloDriverConfig> = {}): Promise<Listening> =>
  start(GraphQLModule.forRoot<ApolloDriverConfig>({ ...APOLLO, ...options }), new ExpressAdapter());

export const startYoga = (): Promise<Listening> =>
  start(GraphQLModule.forRoot({ driver: YogaDriver, ...SCHEMA }), new FastifyAdapter());

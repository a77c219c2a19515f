import { AbstractGraphQLDriver, type GqlModuleOptions } from "@nestjs/graphql";
import { createYoga } from "graphql-yoga";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";

interface Http extends Record<string, unknown> {
  readonly req: FastifyRequest;
  readonly res: FastifyReply;
}

/** Yoga on Fastify, as its guide mounts it. */
export class YogaDriver extends AbstractGraphQLDriver {
  async start({ schema }: GqlModuleOptions): Promise<void> {
    const yoga = createYoga<Http>({ schema: schema!, logging: false, graphiql: false, maskedErrors: false });
    const app = this.httpAdapterHost.httpAdapter.getInstance<FastifyInstance>();
    app.route({
      url: yoga.graphqlEndpoint,
      method: ["GET", "POST"],
      handler: (req, res) => yoga.handleNodeRequestAndResponse(req, res, { req, res }),
    });
  }

  // oxlint-disable-next-line typescript/class-methods-use-this -- Nest calls it
  async stop(): Promise<void> {}
}

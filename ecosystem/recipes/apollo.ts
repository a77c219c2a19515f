import { ApolloServer } from "@apollo/server";
import { expressMiddleware } from "@as-integrations/express5";
import {
  createNewSession,
  errorHandler,
  findSession,
  getSession,
  type RequestSession,
  sessionRoutes,
  verifySession,
} from "counterfoil/express";
import express, { type Express, type Request, type Response } from "express";
import { notes } from "./notes.ts";

interface Context {
  req: Request;
  res: Response;
  session: RequestSession | undefined;
}

const typeDefs = `
  type Query {
    me: String
    users: [String!]
  }
  type Mutation {
    signIn(name: String!): Boolean!
    addNote(text: String!): String
    changePassword(password: String!): Boolean
  }
`;

const resolvers = {
  Query: {
    me: (_: unknown, _none: object, { session }: Context) => (session === undefined ? null : session.getUserId()),
    users: async (_: unknown, _none: object, { req, res }: Context) => {
      await getSession(req, res, { claims: { role: "admin" } });
      return ["alice", "bob"];
    },
  },
  Mutation: {
    signIn: async (_: unknown, { name }: { name: string }, { req, res }: Context) => {
      await createNewSession(req, res, name, { jwtPayload: { role: "member" } }); // after your check of the password
      return true;
    },
    addNote: async (_: unknown, { text }: { text: string }, { req, res }: Context) => {
      const session = await getSession(req, res);
      notes.push(`${session.getUserId()}: ${text}`);
      return text;
    },
    changePassword: async (_: unknown, _password: object, { req, res }: Context) => {
      await getSession(req, res, { maxAuthAge: "5m" });
      return true;
    },
  },
};

export async function createApolloApp(): Promise<Express> {
  const server = new ApolloServer<Context>({ typeDefs, resolvers });
  await server.start();

  const app = express();
  app.use(sessionRoutes());
  app.use(
    "/graphql",
    verifySession({ sessionRequired: false }), // answers an expired token before anything runs
    express.json(),
    expressMiddleware(server, {
      context: async ({ req, res }) => ({ req, res, session: findSession(req) }),
    }),
  );
  app.use(errorHandler());
  return app;
}

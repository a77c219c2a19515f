import { createNewSession, getSession, type RequestSession, verifySession, withSessions } from "counterfoil/web";
import { createSchema, createYoga } from "graphql-yoga";
import { notes } from "./notes.ts";

interface Context {
  session: RequestSession | undefined;
}

const yoga = createYoga<Context>({
  maskedErrors: false, // otherwise clients get the codes, and no messages
  schema: createSchema<Context & { request: Request }>({
    typeDefs: `
      type Query {
        me: String
        users: [String!]
      }
      type Mutation {
        signIn(name: String!): Boolean!
        addNote(text: String!): String
        changePassword(password: String!): Boolean
      }
    `,
    resolvers: {
      Query: {
        me: (_, _none, { session }) => (session === undefined ? null : session.getUserId()),
        users: async (_, _none, { request }) => {
          await getSession(request, { claims: { role: "admin" } });
          return ["alice", "bob"];
        },
      },
      Mutation: {
        signIn: async (_, { name }: { name: string }, { request }) => {
          await createNewSession(request, name, { jwtPayload: { role: "member" } });
          return true;
        },
        addNote: async (_, { text }: { text: string }, { request }) => {
          const session = await getSession(request);
          notes.push(`${session.getUserId()}: ${text}`);
          return text;
        },
        changePassword: async (_, _password, { request }) => {
          await getSession(request, { maxAuthAge: "5m" });
          return true;
        },
      },
    },
  }),
});

const graphql = verifySession((request, session) => yoga.fetch(request, { session }), { sessionRequired: false });

export const yogaHandler = withSessions(async (request) => {
  if (new URL(request.url).pathname === "/graphql") return graphql(request);
  return new Response("not found", { status: 404 });
});

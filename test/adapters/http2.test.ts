/**
 * The clauses once more, over HTTP/2: every adapter whose server speaks it. Express and the server
 * of Next do not.
 */
import { httpClauses } from "counterfoil/testing";
import { bound } from "../fixtures/bounds.ts";
import { fastifyHttp2Subject } from "./fastify.ts";
import { honoHttp2Subject } from "./hono.ts";
import { koaHttp2Subject } from "./koa.ts";
import { nestHttp2Subject } from "./nest.ts";
import { nodeHttp2Subject } from "./node.ts";
import { testSubjects } from "./test-subjects.ts";
import { webHttp2Subject } from "./web.ts";

// The exchanges of these two are what meets HTTP/2.
testSubjects([nodeHttp2Subject, fastifyHttp2Subject]);

/** Clauses on headers and cookies, which are what HTTP/2 carries in another way. */
const CARRIED = /^(?:cookies|csrf|transport|hostile)-/;
const carried = httpClauses.filter(({ id }) => CARRIED.test(id));
// The others stand on the same exchanges, or on a bridge that is not ours.
testSubjects([koaHttp2Subject, honoHttp2Subject, webHttp2Subject, nestHttp2Subject], bound(carried, httpClauses));

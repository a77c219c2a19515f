/** The whole list once more, over HTTP/2: every adapter whose server speaks it. Express and the server of Next do not. */
import { fastifyHttp2Subject } from "./fastify.ts";
import { honoHttp2Subject } from "./hono.ts";
import { koaHttp2Subject } from "./koa.ts";
import { nestHttp2Subject } from "./nest.ts";
import { nodeHttp2Subject } from "./node.ts";
import { testSubjects } from "./test-subjects.ts";
import { webHttp2Subject } from "./web.ts";

testSubjects([
  nodeHttp2Subject,
  fastifyHttp2Subject,
  koaHttp2Subject,
  honoHttp2Subject,
  webHttp2Subject,
  nestHttp2Subject,
]);

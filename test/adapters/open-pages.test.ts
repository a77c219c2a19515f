/** The stream for open pages, in every adapter but Next.js, over HTTP/1.1 and HTTP/2. */
import { describe } from "vitest";
import { expressSubjects } from "./express.ts";
import { fastifyHttp2Subject, fastifySubject } from "./fastify.ts";
import { honoHttp2Subject, honoSubject } from "./hono.ts";
import { koaHttp2Subject, koaSubject } from "./koa.ts";
import { nestHttp2Subject, nestSubjects } from "./nest.ts";
import { nodeHttp2Subject, nodeSubject } from "./node.ts";
import { webHttp2Subject, webSubject } from "./web.ts";
import type { Subject } from "./subject.ts";
import { testOpenPages } from "./test-open-pages.ts";

const SUBJECTS: readonly Subject[] = [
  nodeSubject,
  nodeHttp2Subject,
  ...expressSubjects,
  fastifySubject,
  fastifyHttp2Subject,
  koaSubject,
  koaHttp2Subject,
  honoSubject,
  honoHttp2Subject,
  webSubject,
  webHttp2Subject,
  ...nestSubjects,
  nestHttp2Subject,
];

describe.each(SUBJECTS)("$name", testOpenPages);

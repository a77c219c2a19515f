import { expressSubjects } from "./express.ts";
import { fastifySubject } from "./fastify.ts";
import { honoSubject } from "./hono.ts";
import { koaSubject } from "./koa.ts";
import { nestSubjects } from "./nest.ts";
import { nodeSubject } from "./node.ts";
import { testSubjects } from "./test-subjects.ts";
import { webSubject } from "./web.ts";

// Next.js takes long to build, so it has a file of its own.
testSubjects([nodeSubject, ...expressSubjects, fastifySubject, koaSubject, honoSubject, webSubject, ...nestSubjects]);

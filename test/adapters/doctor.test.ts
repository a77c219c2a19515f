/** The doctor, in every adapter but Next.js. */
import { describe } from "vitest";
import { expressSubjects } from "./express.ts";
import { fastifySubject } from "./fastify.ts";
import { honoSubject } from "./hono.ts";
import { koaSubject } from "./koa.ts";
import { nestSubjects } from "./nest.ts";
import { nodeSubject } from "./node.ts";
import { testDoctor } from "./test-doctor.ts";
import { webSubject } from "./web.ts";

const SUBJECTS = [
  nodeSubject,
  ...expressSubjects,
  fastifySubject,
  koaSubject,
  honoSubject,
  webSubject,
  ...nestSubjects,
];

describe.each(SUBJECTS)("$name", (subject) => testDoctor(subject));

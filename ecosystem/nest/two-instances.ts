/** Fields that instances of their own protect, beside each other in one query. */
import { Query, Resolver } from "@nestjs/graphql";
import { createSessions } from "counterfoil";
import { memory } from "counterfoil/memory";
import { CurrentSession, NoSession, type RequestSession, VerifySession } from "counterfoil/nest";

const create = (prefix: string): ReturnType<typeof createSessions> =>
  createSessions({ store: memory({ production: true }), cookie: { prefix }, tokens: { enableAntiCsrf: false } });

export const customers: ReturnType<typeof createSessions> = create("customers-");
export const staff: ReturnType<typeof createSessions> = create("staff-");

/** The app's guard would ask the default instance. */
@NoSession()
@Resolver()
export class TwoInstancesResolver {
  @VerifySession({ sessions: customers })
  @Query(() => String)
  customer(@CurrentSession() session: RequestSession): string {
    return String(session.getUserId());
  }

  @VerifySession({ sessions: staff })
  @Query(() => String)
  employee(@CurrentSession() session: RequestSession): string {
    return String(session.getUserId());
  }

  @VerifySession({ sessions: staff, sessionRequired: false })
  @Query(() => String, { nullable: true })
  perhapsEmployee(@CurrentSession() session: RequestSession | undefined): string | undefined {
    return session === undefined ? undefined : String(session.getUserId());
  }
}

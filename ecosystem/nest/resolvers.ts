import { Args, Context, Mutation, Query, Resolver, Subscription } from "@nestjs/graphql";
import {
  createNewSession,
  CurrentSession,
  NoSession,
  type PlatformRequest,
  type PlatformResponse,
  type RequestSession,
  sessionOf,
  VerifySession,
} from "counterfoil/nest";

export interface Http {
  readonly req: PlatformRequest;
  readonly res: PlatformResponse;
}

/** What the resolvers have done since a test last asked. */
export const written: string[] = [];

/** Every operation needs a session, by a guard of the app, unless it says otherwise. */
@Resolver()
export class NotesResolver {
  @NoSession()
  @Query(() => String)
  hello(): string {
    return "hello";
  }

  @Query(() => String)
  me(@CurrentSession() session: RequestSession): string {
    return String(session.getUserId());
  }

  @Query(() => String)
  same(@Context() { req }: Http): string {
    return String(sessionOf(req).getUserId());
  }

  @NoSession()
  @VerifySession({ sessionRequired: false })
  @Query(() => String, { nullable: true })
  maybe(@CurrentSession() session: RequestSession | undefined): string | undefined {
    return session === undefined ? undefined : String(session.getUserId());
  }

  @VerifySession({ claims: { role: "admin" } })
  @Query(() => String, { nullable: true })
  admin(): string {
    return "admin";
  }

  @VerifySession({ maxAuthAge: "5m" })
  @Query(() => String)
  recent(): string {
    return "recent";
  }

  @Mutation(() => String)
  write(@Args("text") text: string): string {
    written.push(text);
    return text;
  }

  @NoSession()
  @Mutation(() => Boolean)
  async signIn(@Args("user") user: string, @Context() { req, res }: Http): Promise<boolean> {
    await createNewSession(req, res, user, { jwtPayload: { role: "member" } });
    return true;
  }

  @Subscription(() => String)
  async *ticks(): AsyncGenerator<{ readonly ticks: string }> {
    yield { ticks: "tick" };
  }

  @NoSession()
  @Subscription(() => String)
  async *freeTicks(): AsyncGenerator<{ readonly freeTicks: string }> {
    yield { freeTicks: "tick" };
  }
}

/** All are open, but the one that says otherwise. */
@NoSession()
@Resolver()
export class OpenResolver {
  @Query(() => String)
  open(): string {
    return "open";
  }

  @VerifySession()
  @Query(() => String)
  closed(): string {
    return "closed";
  }
}

/** All are closed by their class, but the one that says otherwise. */
@VerifySession({ maxAuthAge: "5m" })
@Resolver()
export class RecentResolver {
  @NoSession()
  @Query(() => String)
  free(): string {
    return "free";
  }

  @Query(() => String)
  classRecent(): string {
    return "recent";
  }
}

import {
  BadRequestException,
  Body,
  Controller,
  Get,
  HttpCode,
  Post,
  Req,
  Res,
  UnauthorizedException,
} from "@nestjs/common";
import {
  createNewSession,
  CurrentSession,
  type PlatformRequest,
  type PlatformResponse,
  type RequestSession,
  VerifySession,
} from "counterfoil/nest";
import { UsersService } from "./users.service.js";

@Controller()
export class AppController {
  private readonly notes: object[] = [];

  constructor(private readonly users: UsersService) {}

  @Post("login")
  @HttpCode(200)
  async login(
    @Body("name") name: unknown,
    @Body("password") password: unknown,
    @Req() request: PlatformRequest,
    @Res({ passthrough: true }) response: PlatformResponse,
  ) {
    const userId = await this.users.checkPassword(name, password);
    if (userId === undefined) throw new UnauthorizedException("wrong name or password");
    await createNewSession(request, response, userId, { jwtPayload: { role: "member" } });
    return { userId };
  }

  @Get("me")
  @VerifySession()
  me(@CurrentSession() session: RequestSession) {
    return { userId: session.getUserId(), claims: session.getJWTPayload() };
  }

  @Post("notes")
  @VerifySession()
  write(@CurrentSession() session: RequestSession, @Body("text") text: unknown) {
    if (typeof text !== "string") throw new BadRequestException("a note needs a text");
    const note = { by: session.getUserId(), text };
    this.notes.push(note);
    return note;
  }
}

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
import type { PlatformRequest, PlatformResponse } from "counterfoil/nest";
import { createNewSession, sessionOf, VerifySession } from "./sessions.js";
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
  me(@Req() request: PlatformRequest) {
    const session = sessionOf(request);
    return { userId: session.getUserId(), claims: session.getJWTPayload() };
  }

  @Post("notes")
  @VerifySession()
  write(@Req() request: PlatformRequest, @Body("text") text: unknown) {
    if (typeof text !== "string") throw new BadRequestException("a note needs a text");
    const note = { by: sessionOf(request).getUserId(), text };
    this.notes.push(note);
    return note;
  }
}

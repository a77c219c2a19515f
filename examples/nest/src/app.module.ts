import { Module, type OnApplicationShutdown } from "@nestjs/common";
import { APP_FILTER } from "@nestjs/core";
import { AppController } from "./app.controller.js";
import { ErrorFilter } from "./error.filter.js";
import { forRoot, sessions } from "./sessions.js";
import { UsersService } from "./users.service.js";

@Module({
  imports: [forRoot()],
  controllers: [AppController],
  // In the root module, so that it comes after the filter of sessions.
  providers: [UsersService, { provide: APP_FILTER, useClass: ErrorFilter }],
})
export class AppModule implements OnApplicationShutdown {
  onApplicationShutdown(): Promise<void> {
    return sessions.close();
  }
}

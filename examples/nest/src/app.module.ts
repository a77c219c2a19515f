import { Module, type OnApplicationShutdown } from "@nestjs/common";
import { APP_FILTER } from "@nestjs/core";
import { close } from "counterfoil";
import { SessionModule } from "counterfoil/nest";
import { AppController } from "./app.controller.js";
import { ErrorFilter } from "./error.filter.js";
import { UsersService } from "./users.service.js";

@Module({
  imports: [SessionModule.forRoot()],
  controllers: [AppController],
  // In the root module, so that it comes after the filter of SessionModule.
  providers: [UsersService, { provide: APP_FILTER, useClass: ErrorFilter }],
})
export class AppModule implements OnApplicationShutdown {
  onApplicationShutdown(): Promise<void> {
    return close();
  }
}

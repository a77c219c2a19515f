import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException } from "@nestjs/common";
import { HttpAdapterHost } from "@nestjs/core";

/** Answers all errors but the library's own, which the filter of `SessionModule` answers. */
@Catch()
export class ErrorFilter implements ExceptionFilter {
  constructor(private readonly host: HttpAdapterHost) {}

  catch(error: unknown, context: ArgumentsHost): void {
    const isKnown = error instanceof HttpException;
    if (!isKnown) console.error(error);
    const message = isKnown ? error.message : "internal";
    const response = context.switchToHttp().getResponse<object>();
    this.host.httpAdapter.reply(response, { message }, isKnown ? error.getStatus() : 500);
  }
}

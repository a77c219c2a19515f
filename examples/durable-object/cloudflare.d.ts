/** The part of Cloudflare's module that is used here, in place of `@cloudflare/workers-types`. */
declare module "cloudflare:workers" {
  export class DurableObject<Storage> {
    constructor(ctx: { readonly storage: Storage }, env: unknown);
    protected readonly ctx: { readonly storage: Storage };
  }
}

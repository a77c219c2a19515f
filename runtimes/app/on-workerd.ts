import { memory } from "counterfoil/memory";
import { createHost } from "./hosted-app.ts";

const fetch = createHost({ memory: () => memory() });

export default { fetch };

import { createSessionClient } from "counterfoil/browser";
import { SessionProvider } from "counterfoil/react";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./app.tsx";

const main = document.querySelector("main");
if (main === null) throw new Error("the page has no main");
createRoot(main).render(
  <StrictMode>
    <SessionProvider client={createSessionClient()}>
      <App />
    </SessionProvider>
  </StrictMode>,
);

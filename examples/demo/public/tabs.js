/**
 * On a phone, you, the thief and the server share one place, and tabs choose among them. On a wide
 * screen all three are there.
 */

/** @typedef {"you" | "thief" | "server"} View */

/** @param {HTMLElement} main */
export function createTabs(main) {
  const narrow = matchMedia("(max-width: 759px)");
  const tabs = /** @type {HTMLButtonElement[]} */ ([...main.querySelectorAll("[role=tab]")]);
  const viewOf = (/** @type {HTMLElement} */ tab) => /** @type {View} */ (tab.dataset.tab);

  /** @param {View} view */
  function select(view) {
    main.dataset.tab = view;
    for (const tab of tabs) {
      const isSelected = viewOf(tab) === view;
      tab.setAttribute("aria-selected", String(isSelected));
      tab.tabIndex = isSelected ? 0 : -1;
      if (isSelected) delete tab.dataset.news;
    }
  }

  /** What happened is said in the alarm; on a phone, where the server tells of it. */
  function arrange() {
    const account = main.querySelector("#account");
    const place = main.querySelector(narrow.matches ? "#server-title" : "#account-place");
    if (account !== null) place?.[narrow.matches ? "after" : "append"](account);
    for (const tab of tabs) {
      const panel = main.querySelector(`#${tab.getAttribute("aria-controls")}`);
      if (narrow.matches) {
        panel?.setAttribute("role", "tabpanel");
        panel?.setAttribute("aria-labelledby", tab.id);
      } else {
        panel?.removeAttribute("role");
        panel?.removeAttribute("aria-labelledby");
      }
    }
  }

  for (const [index, tab] of tabs.entries()) {
    tab.addEventListener("click", () => select(viewOf(tab)));
    tab.addEventListener("keydown", (event) => {
      const next = { ArrowRight: index + 1, ArrowLeft: index - 1, Home: 0, End: -1 }[event.key];
      const target = next === undefined ? undefined : tabs.at(next % tabs.length);
      if (target === undefined) return;
      event.preventDefault();
      select(viewOf(target));
      target.focus();
    });
  }
  narrow.addEventListener("change", arrange);
  arrange();
  select("you");

  return {
    select,
    /** Something has come that is not on the screen. @param {View} view */
    note(view) {
      if (main.dataset.tab === view) return;
      const tab = tabs.find((one) => viewOf(one) === view);
      if (tab !== undefined) tab.dataset.news = "";
    },
  };
}

/**
 * Runs before the page does: whatever it fetches with an expired token, it fetches again after a
 * refresh.
 */
const send = window.fetch;
let refreshing: Promise<Response> | undefined;

window.fetch = async (input, init) => {
  const again = input instanceof Request ? input.clone() : input;
  const answer = await send(input, init);
  if (answer.status !== 401 || new URL(answer.url).origin !== location.origin) return answer;
  if (!(await answer.clone().text()).includes("try refresh token")) return answer;
  refreshing ??= send("/session/refresh", { method: "POST" }).finally(() => (refreshing = undefined));
  const { ok, status } = await refreshing;
  // 409: another request was faster, and its cookies are here.
  return ok || status === 409 ? send(again, init) : answer;
};

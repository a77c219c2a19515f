/** What this process has taken since its start. The parent compares the clocks. */
export function tell() {
  const { user, system } = process.cpuUsage();
  process.send?.({
    at: performance.timeOrigin + performance.now(),
    cpu: (user + system) / 1000,
    rss: process.memoryUsage.rss(),
  });
}

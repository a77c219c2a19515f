import { startRedisCluster } from "./redis-cluster.ts";
import { startRedisSentinel } from "./redis-sentinel.ts";
let t=performance.now();
const lap=(s:string)=>{console.log(s, Math.round(performance.now()-t)); t=performance.now();};
{
const m = await startRedisCluster({appendOnly:"always"}); lap("cluster start");
const master = await m.masterOf("a"); await master.admin("SET","a","1"); console.log(await master.admin("WAIT","1","1000"));t=performance.now();
const lost = await m.killMasterOf("a"); lap("kill");
const next = await m.waitForFailover("a", lost); lap("failover");
console.log(lost.port, next.port, await next.admin("GET","a"));t=performance.now();
await lost.restart(); lap("restart"); await m.waitUntilHealthy(); lap("healthy"); console.log(await lost.admin("ROLE"));
await m.remove(); lap("remove");
}
{
const m = await startRedisSentinel({appendOnly:"always"}); lap("sentinel start");
const master = await m.master(); await master.admin("SET","a","1"); console.log(await master.admin("WAIT","1","1000"));t=performance.now();
const lost = await m.killMaster(); lap("kill");
const next = await m.waitForFailover(lost); lap("failover");
console.log(lost.port, next.port, await next.admin("GET","a"));t=performance.now();
await lost.restart(); lap("restart"); await m.waitUntilInSync(); lap("healthy"); console.log(await lost.admin("ROLE"));
await m.remove(); lap("remove");
}

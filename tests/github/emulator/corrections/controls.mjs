// Controls for tests: faults, a log of requests, waiting for deliveries. Under /_ctl/, which GitHub does not have.
// OURS, not the emulator's.
import { json, problem } from "../kit.mjs";

const pause = (ms) => new Promise((go) => setTimeout(go, ms));

// Half of an answer, then the line is cut.
const cut = (status, headers, text) => {
  const bytes = Buffer.from(text);
  const half = Math.max(1, bytes.length >> 1);
  let sent = false;
  return new Response(new ReadableStream({ pull(stream) { if (sent) return pause(5).then(() => stream.error(new Error("cut by a fault"))); sent = true; stream.enqueue(bytes.subarray(0, half)); } }),
    { status, headers: { "content-type": "application/json; charset=utf-8", "content-length": String(bytes.length), ...headers } });
};

export function correct(kit) {
  let faults, log;
  kit.onReset(() => { faults = []; log = []; kit.broken = []; });

  kit.controlled = async (call, serve) => {
    if (call.path.startsWith("/_ctl/")) return serve();
    const actor = call.token.startsWith("eyJ") ? "app" : kit.actor(call.grant)?.login ?? null;
    const entry = { method: call.method, path: call.path, query: call.query.toString(), actor, at: new Date().toISOString(), status: null, body: call.body ?? null };
    log.push(entry);
    const answer = await faulty(call, serve);
    entry.status = answer.status;
    return answer;
  };

  async function faulty(call, serve) {
    const line = `${call.method} ${call.path}`;
    const fault = faults.find((f) => f.times > 0 && new RegExp(f.match).test(line) && (f.contains === null || call.text.includes(f.contains)) && f.after-- <= 0);
    if (!fault) return serve();
    fault.times--;
    const done = fault.performed ? await serve() : null; // GitHub did it, and its answer got lost
    if (fault.delay_ms) await pause(fault.delay_ms);
    const body = fault.body ?? (fault.cut && done ? done.data : { message: "a fault of the test" });
    if (fault.cut) return cut(fault.status ?? done?.status ?? 200, fault.headers, JSON.stringify(body));
    return fault.status ? json(body, fault.status, fault.headers) : done ?? serve();
  }

  kit.route("POST", "/_ctl/faults", ({ body }) => {
    faults.push({ match: ".", contains: null, status: null, headers: {}, body: null, delay_ms: 0, cut: false, performed: false, after: 0, times: 1, ...body });
    return json({ faults: faults.length }, 201);
  });
  kit.route("DELETE", "/_ctl/faults", () => { const unused = faults.filter((f) => f.times > 0).length; faults = []; return json({ unused }); });
  kit.route("GET", "/_ctl/log", () => json(log));
  kit.route("POST", "/_ctl/settle", async () => { await kit.settled(); return kit.broken.length ? json({ message: `a correction failed: ${kit.broken.splice(0)}` }, 500) : json({}); });
  kit.route("*", "/_ctl/:rest*", ({ path }) => (["/_ctl/emit", "/_ctl/expire-tokens", "/_ctl/limit", "/_ctl/runs"].includes(path) || /^\/_ctl\/(installations|check-runs|runs|blobs)\//.test(path) ? undefined : problem(404, `no such control: ${path}`)));
}

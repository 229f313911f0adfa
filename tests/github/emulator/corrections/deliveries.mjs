// Deliveries of webhooks to the app: headers, log and redelivery as GitHub's; in order, one after another.
// OURS, not the emulator's, which numbers deliveries by the clock and keeps no log.
// Source: GitHub Docs "Webhook events and payloads", "Delivery headers"; GitHub REST "GitHub App webhooks".
import { createHmac, randomUUID } from "node:crypto";
import { json, nodeId, problem } from "../kit.mjs";

const PATIENCE_MS = 10_000;

export function correct(kit) {
  const network = globalThis.fetch;
  let log, last;
  kit.onReset(() => { log = []; last = Promise.resolve(); });

  async function post(event, raw, guid, redelivery) {
    const app = kit.app0(), payload = JSON.parse(raw);
    const headers = { "content-type": "application/json", "user-agent": "GitHub-Hookshot/test", "x-github-event": event, "x-github-delivery": guid, "x-github-hook-id": "1", "x-github-hook-installation-target-type": "integration", "x-github-hook-installation-target-id": String(app.app_id) };
    for (const [name, algorithm] of app.webhook_secret ? [["x-hub-signature", "sha1"], ["x-hub-signature-256", "sha256"]] : []) headers[name] = `${algorithm}=${createHmac(algorithm, app.webhook_secret).update(raw).digest("hex")}`;
    const entry = { id: log.length + 1, guid, delivered_at: new Date().toISOString(), redelivery, duration: 0, status: "", status_code: 0, event, action: payload.action ?? null, installation_id: payload.installation?.id ?? null, repository_id: payload.repository?.id ?? null, throttled_at: null, url: app.webhook_url, request: { headers, payload, raw }, response: { headers: {}, payload: "" } };
    log.push(entry);
    const started = Date.now();
    try {
      const answer = await network(app.webhook_url, { method: "POST", headers, body: raw, signal: AbortSignal.timeout(PATIENCE_MS) });
      Object.assign(entry, { status_code: answer.status, status: answer.ok ? "OK" : answer.statusText || "Invalid HTTP Response" });
      await answer.arrayBuffer();
    } catch (error) {
      Object.assign(entry, error.name === "TimeoutError" ? { status: "timed out", status_code: 0 } : { status: "failed to connect to host", status_code: 502 });
    }
    entry.duration = (Date.now() - started) / 1000;
    return entry;
  }
  kit.deliver = (event, body, { guid = randomUUID(), redelivery = false } = {}) => {
    const raw = typeof body === "string" ? body : JSON.stringify(body, (k, v) => (typeof v === "string" && /(_at|^date|^timestamp)$/.test(k) ? v.replace(/^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\.\d+Z$/, "$1Z") : v));
    const mine = last.then(() => post(event, raw, guid, redelivery));
    last = mine.catch(() => undefined);
    return kit.track(mine);
  };

  // The emulator posts to the app by fetch(), with the time as the delivery's id; from here on it is ours.
  const dispatch = kit.webhooks.dispatch;
  kit.webhooks.dispatch = (event, action, payload, owner, name) => kit.track(completed(event, action, payload, owner, name)).catch((error) => kit.broken.push(`${event}: ${error.stack}`));
  async function completed(event, action, payload, owner, name) {
    const repo = kit.gh.repos.findOneBy("full_name", `${owner}/${name}`) ?? kit.gh.repos.get(payload.repository?.id);
    const full = { ...(action ? { action } : {}), ...payload };
    const org = kit.gh.orgs.findOneBy("login", owner);
    if (org) full.organization = { login: org.login, id: org.id, node_id: org.node_id, url: `${kit.baseUrl}/orgs/${org.login}`, description: org.description ?? "" };
    if (repo) for (const { event: which, complete } of kit.payloads) if (which === event && (await complete(full, repo)) === false) return;
    const { event: told = event, ...body } = full;
    await dispatch(told, action, body, owner, name);
    if (told === "push" && repo) await kit.pushed(body, repo);
  }
  globalThis.fetch = (url, init) => {
    if (String(url) !== kit.app0()?.webhook_url || !/^\d{13}$/.test(init?.headers?.["X-GitHub-Delivery"] ?? "")) return network(url, init);
    return kit.deliver(init.headers["X-GitHub-Event"], JSON.parse(init.body)).then(() => new Response(null, { status: 202 }));
  };

  const brief = ({ request, response, url, ...rest }) => rest;
  const needsApp = (call) => (call.token.startsWith("eyJ") ? undefined : problem(401, "A JSON web token could not be decoded"));
  kit.before("*", "/app/hook/:rest*", needsApp);
  kit.route("GET", "/app/hook/config", () => json({ content_type: "json", insecure_ssl: "0", secret: "********", url: kit.app0().webhook_url }));
  kit.route("GET", "/app/hook/deliveries", (call) => {
    const size = Math.min(+(call.query.get("per_page") ?? 30), 100), cursor = +(call.query.get("cursor") ?? log.length + 1);
    const rest = [...log].reverse().filter((d) => d.id < cursor && (!call.query.has("status") || (call.query.get("status") === "success") === d.status_code < 400));
    const page = rest.slice(0, size);
    const next = rest.length > size ? { link: `<${kit.baseUrl}/app/hook/deliveries?per_page=${size}&cursor=${page.at(-1).id}>; rel="next"` } : {};
    return json(page.map(brief), 200, next);
  });
  kit.route("GET", "/app/hook/deliveries/:id", ({ params }) => {
    const entry = log[+params.id - 1];
    if (!entry) return problem(404, "Not Found");
    const { raw, ...request } = entry.request;
    return json({ ...entry, request });
  });
  kit.route("POST", "/app/hook/deliveries/:id/attempts", ({ params }) => {
    const entry = log[+params.id - 1];
    if (!entry) return problem(404, "Not Found");
    kit.deliver(entry.event, entry.request.raw, { guid: entry.guid, redelivery: true });
    return json({}, 202);
  });
  // Any event at all, signed: {event, payload} or {event, raw}.
  kit.route("POST", "/_ctl/emit", async ({ body }) => {
    const installation = kit.gh.appInstallations.all()[0]?.installation_id;
    const payload = body.raw ?? { ...(installation ? { installation: { id: installation, node_id: nodeId("Installation", installation) } } : {}), ...body.payload };
    return json(brief(await kit.deliver(body.event, payload, body.guid ? { guid: body.guid } : {})), 201);
  });
}

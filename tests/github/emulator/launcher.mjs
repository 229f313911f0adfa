// Starts npm's `emulate` as a GitHub on 127.0.0.1, with our corrections round it.
// usage: node launcher.mjs SEED.json     says {"url", "key"} on a line, then answers the commands reset, rss, close on stdin.
// It ends when stdin closes, so nothing is left behind by tests that were killed.
import { createHash, randomUUID } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";
import { createServer } from "node:net";
import { createInterface } from "node:readline";
import { Kit } from "./kit.mjs";

const packages = new URL("./node_modules/", import.meta.url);
const { version } = JSON.parse(readFileSync(new URL("emulate/package.json", packages), "utf8"));
if (version !== "0.12.2") throw new Error(`the corrections were written for emulate 0.12.2, found ${version}`);
const dist = new URL("emulate/dist/", packages);
const chunk = readdirSync(dist).find((f) => /^dist-.*\.js$/.test(f) && readFileSync(new URL(f, dist), "utf8").includes("  githubPlugin,"));
const { githubPlugin, getGitHubStore } = await import(new URL(chunk, dist));
const { createEmulator } = await import(new URL("api.js", dist));

const names = ["controls", "tokens", "permissions", "limits", "repositories", "issues", "reactions", "git", "pulls", "reviews", "checks", "actions", "graphql", "deliveries", "installations"];
const corrections = await Promise.all(names.map((name) => import(`./corrections/${name}.mjs`)));
const seed = JSON.parse(readFileSync(process.argv[2], "utf8"));
let kit;

const register = githubPlugin.register;
githubPlugin.register = function (app, store, webhooks, baseUrl, tokenMap) {
  register.call(this, app, store, webhooks, baseUrl, tokenMap);
  kit = new Kit({ app, gh: getGitHubStore(store), webhooks, tokenMap, baseUrl });
  kit.seed = seed;
  for (const { correct } of corrections) correct(kit);
  app.fetch = serve;
};

// GitHub's times have no fractions of a second.
const whole = (key, value) => (typeof value === "string" && /(_at|^date|^timestamp)$/.test(key) ? value.replace(/^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\.\d+Z$/, "$1Z") : value);

async function serve(request) {
  const url = new URL(request.url);
  const text = ["GET", "HEAD"].includes(request.method) ? "" : await request.text();
  let body;
  try { body = text ? JSON.parse(text) : undefined; } catch { return new Response(JSON.stringify({ message: "Problems parsing JSON" }), { status: 400 }); }
  const headers = Object.fromEntries(request.headers);
  delete headers["content-length"];
  delete headers["transfer-encoding"];
  const token = (headers.authorization ?? "").replace(/^(bearer|token)\s+/i, "").trim();
  const call = { method: request.method, path: url.pathname, query: url.searchParams, headers, body, text, token, grant: kit.tokenMap.get(token) };
  const result = await kit.controlled(call, () => kit.run(call));
  if (result instanceof Response) return result;
  const out = new Headers({ ...kit.limitHeaders(call), ...result.headers, "x-github-request-id": randomUUID(), "x-github-media-type": "github.v3; format=json" });
  if (result.data === null || result.status === 204) return new Response(null, { status: result.status, headers: out });
  if (result.raw) return new Response(result.raw, { status: result.status, headers: out });
  const answer = JSON.stringify(result.data, whole);
  out.set("content-type", "application/json; charset=utf-8");
  if (request.method === "GET" && result.status === 200 && !call.path.startsWith("/_ctl/")) {
    const tag = `W/"${createHash("sha256").update(answer).digest("hex")}"`;
    out.set("etag", tag);
    if (headers["if-none-match"] === tag) return new Response(null, { status: 304, headers: out });
  }
  return new Response(answer, { status: result.status, headers: out });
}

const port = await new Promise((found) => { const probe = createServer().listen(0, "127.0.0.1", () => { const { port } = probe.address(); probe.close(() => found(port)); }); });
const emulator = await createEmulator({ service: "github", hostname: "127.0.0.1", port, seed, baseUrl: `http://127.0.0.1:${port}` });
const say = (value) => process.stdout.write(JSON.stringify(value) + "\n");
for (const again of kit.resets) again(); // the seed was sown after the corrections were made
say({ url: emulator.url, key: emulator.generatedSecrets.find((s) => s.kind === "github.app_private_key")?.value ?? seed.github.apps[0].private_key });
for await (const line of createInterface({ input: process.stdin })) {
  if (line === "reset") { emulator.reset(); for (const again of kit.resets) again(); say({ reset: true }); }
  else if (line === "rss") say({ rss_mib: Math.round(process.memoryUsage().rss / 2 ** 20) });
  else if (line === "close") break;
}
process.exit(0);

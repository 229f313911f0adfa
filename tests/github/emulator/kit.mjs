// What corrections are made of: routes of our own, hooks round the emulator's, and questions to the emulator itself.
// OURS, not the emulator's.
import { randomUUID } from "node:crypto";

export const json = (data, status = 200, headers = {}) => ({ data, status, headers });
export const problem = (status, message, errors) => json({ message, ...(errors ? { errors } : {}), documentation_url: "https://docs.github.com/rest", status: String(status) }, status);
export const invalid = (...errors) => problem(422, "Validation Failed", errors);
export const nodeId = (type, id) => Buffer.from(`0:${type}${id}`).toString("base64").replace(/=+$/, "");
export const now = () => new Date().toISOString();

// "/repos/:owner/:repo/git/refs/:ref*" to a regular expression; a star takes several segments.
const compile = (pattern) => new RegExp("^" + pattern.replace(/[.]/g, "\\.").replace(/:(\w+)(\*?)/g, (_, name, star) => `(?<${name}>${star ? ".+" : "[^/]+"})`) + "$");

export class Kit {
  constructor({ app, gh, webhooks, tokenMap, baseUrl }) {
    Object.assign(this, { app, gh, webhooks, tokenMap, baseUrl, inner: app.fetch });
    this.routes = [];
    this.befores = [];
    this.afters = [];
    this.payloads = [];
    this.resets = [];
    this.pending = 0;
    this.idle = [];
  }

  // Answers instead of the emulator. `handler(call)` returns json(...), problem(...), or undefined to leave it to the emulator.
  route(method, pattern, handler) { this.routes.push({ method, regex: compile(pattern), handler }); }
  // Runs before the emulator: may change call.body, or answer.
  before(method, pattern, handler) { this.befores.push({ method, regex: compile(pattern), handler }); }
  // Runs after the emulator: may change result.data and result.status.
  after(method, pattern, handler) { this.afters.push({ method, regex: compile(pattern), handler }); }
  // Completes a webhook's payload before it is sent; returning false drops it.
  payload(event, complete) { this.payloads.push({ event, complete }); }
  onReset(fn) { this.resets.push(fn); fn(); }

  repo(call) { return this.gh.repos.findOneBy("full_name", `${call.params.owner}/${call.params.repo}`); }
  pull(repo, number) { return repo && this.gh.pullRequests.findBy("repo_id", repo.id).find((p) => p.number === +number); }
  issue(repo, number) { return repo && this.gh.issues.findBy("repo_id", repo.id).find((i) => i.number === +number); }
  commit(repo, sha) { return this.gh.commits.findBy("repo_id", repo.id).find((c) => c.sha === sha); }
  tree(repo, sha) { return this.gh.trees.findBy("repo_id", repo.id).find((t) => t.sha === sha); }
  branch(repo, name) { return this.gh.branches.findBy("repo_id", repo.id).find((b) => b.name === name); }
  app0() { return this.gh.apps.all()[0]; }

  // The user behind a request: of an app's token, its bot.
  actor(grant) {
    if (!grant) return undefined;
    if (!grant.installation) return this.gh.users.findOneBy("login", grant.login);
    const login = `${this.gh.apps.all().find((a) => a.app_id === grant.installation.appId)?.slug}[bot]`;
    return this.gh.users.findOneBy("login", login) ?? this.bot(login);
  }

  bot(login) {
    const row = this.gh.users.insert({ login, node_id: "", avatar_url: "", gravatar_id: "", type: "Bot", site_admin: false, name: login, company: null, blog: "", location: null, email: null, hireable: null, bio: null, twitter_username: null, public_repos: 0, public_gists: 0, followers: 0, following: 0 });
    return this.gh.users.update(row.id, { node_id: nodeId("Bot", row.id) });
  }

  // Asks the emulator itself; as the token given, or as somebody who may read all.
  async ask(path, { method = "GET", body, token } = {}) {
    let own;
    if (!token) {
      own = token = `internal-${randomUUID()}`;
      const member = this.gh.teamMembers.all().find((m) => m.role === "maintainer");
      this.tokenMap.set(token, { login: this.gh.users.get(member.user_id).login, id: member.user_id, scopes: ["repo", "admin:org"] });
    }
    try {
      const response = await this.inner(new Request(this.baseUrl + path, { method, headers: { authorization: `token ${token}`, ...(body ? { "content-type": "application/json" } : {}) }, ...(body ? { body: JSON.stringify(body) } : {}) }));
      const text = await response.text();
      return { status: response.status, headers: Object.fromEntries(response.headers), data: text ? JSON.parse(text) : null };
    } finally {
      if (own) this.tokenMap.delete(own);
    }
  }
  async get(path) { return (await this.ask(path)).data; }
  // The same request through all corrections, as the caller.
  again(call, path, method, body) { return this.run({ ...call, path, method, body, query: new URLSearchParams() }); }
  userJson(user) { return this.get(`/users/${encodeURIComponent(user.login)}`).then((u) => (({ login, id, node_id, avatar_url, gravatar_id, url, html_url, type, site_admin }) => ({ login, id, node_id, avatar_url, gravatar_id, url, html_url, type, site_admin }))(u)); }

  async send(event, action, fields, repo, actor) {
    const [owner, name] = repo.full_name.split("/");
    await this.webhooks.dispatch(event, action, { ...(action ? { action } : {}), ...fields, repository: await this.get(`/repos/${repo.full_name}`), sender: await this.userJson(actor) }, owner, name);
  }

  // Deliveries are made behind the answers; this tells when all are through.
  track(promise) { this.pending++; return promise.finally(() => { if (--this.pending === 0) this.idle.splice(0).forEach((go) => go()); }); }
  settled() { return this.pending === 0 ? Promise.resolve() : new Promise((go) => this.idle.push(go)); }

  async run(call) {
    const find = function* (list) {
      for (const entry of list) {
        if (entry.method !== "*" && entry.method !== call.method) continue;
        const match = entry.regex.exec(call.path);
        if (match) { call.params = Object.fromEntries(Object.entries(match.groups ?? {}).map(([k, v]) => [k, decodeURIComponent(v)])); yield entry; }
      }
    };
    for (const { handler } of find(this.befores)) { const answer = await handler(call); if (answer) return answer; }
    for (const { handler } of find(this.routes)) { const answer = await handler(call); if (answer) return answer; }
    const bodied = !["GET", "HEAD"].includes(call.method) && call.body !== undefined;
    const query = call.query.toString();
    const response = await this.inner(new Request(this.baseUrl + call.path + (query ? `?${query}` : ""), { method: call.method, headers: call.headers, ...(bodied ? { body: JSON.stringify(call.body) } : {}) }));
    const headers = Object.fromEntries(response.headers);
    delete headers["content-length"];
    if (!(headers["content-type"] ?? "").includes("json")) return { raw: Buffer.from(await response.arrayBuffer()), status: response.status, headers };
    const result = { data: await response.json(), status: response.status, headers };
    for (const { handler } of find(this.afters)) await handler(call, result);
    return result;
  }
}

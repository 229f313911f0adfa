// The git data API: commit messages are kept as they are, no tree is left empty, workflows need a permission of their own.
// OURS, not the emulator's.
// Source: GitHub REST "Git database"; git's object format; GitHub Docs "Permissions required for GitHub Apps", `workflows`.
import { createHash } from "node:crypto";
import { problem } from "../kit.mjs";

const EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";
const MESSAGES = { "Invalid sha": "Object does not exist", "Update is not a fast-forward": "Update is not a fast forward" };
const MIB = 2 ** 20;

const stamp = (iso) => `${Math.floor(Date.parse(iso) / 1000)} +0000`;
const person = (name, email, date) => `${name} <${email}> ${stamp(date)}`;
function commitId(c) {
  const text = [`tree ${c.tree_sha}`, ...c.parent_shas.map((p) => `parent ${p}`), `author ${person(c.author_name, c.author_email, c.author_date)}`, `committer ${person(c.committer_name, c.committer_email, c.committer_date)}`, "", c.message].join("\n");
  return createHash("sha1").update(`commit ${Buffer.byteLength(text)}\0`).update(text).digest("hex");
}

export function correct(kit) {
  const { gh } = kit;
  const replaceAll = (value, from, to) => JSON.parse(JSON.stringify(value).replaceAll(from, to));

  kit.after("*", "/repos/:owner/:repo/git/:rest*", (call, result) => {
    if (/^\/repos\/[^/]+\/[^/]+\/git\/(ref|refs|matching-refs)(\/|$)/.test(call.path)) result.data = replaceAll(result.data, "/git/ref/", "/git/refs/");
    if (result.status === 422 && MESSAGES[result.data.message]) result.data.message = MESSAGES[result.data.message];
  });

  // GitHub stores the message as it was sent, and no fractions of seconds; the id follows from both.
  kit.after("POST", "/repos/:owner/:repo/git/commits", (call, result) => {
    if (result.status !== 201) return;
    const repo = kit.repo(call), made = kit.commit(repo, result.data.sha);
    const utc = (date) => new Date(Date.parse(date)).toISOString().replace(/\.\d+Z$/, "Z");
    const kept = { ...made, message: call.body.message, author_date: utc(made.author_date), committer_date: utc(made.committer_date) };
    const sha = commitId(kept), known = kit.commit(repo, sha);
    if (known && known.id !== made.id) gh.commits.delete(made.id);
    else gh.commits.update(made.id, { message: kept.message, author_date: kept.author_date, committer_date: kept.committer_date, sha });
    result.data = { ...replaceAll(result.data, result.data.sha, sha), message: kept.message };
  });

  // The tree without its empty folders, as git has none; null for an empty one.
  async function pruned(call, repo, sha) {
    if (sha === EMPTY_TREE) return null;
    const entries = [];
    let changed = false;
    for (const entry of kit.tree(repo, sha).tree) {
      const kept = entry.type === "tree" ? await pruned(call, repo, entry.sha) : entry.sha;
      changed ||= kept !== entry.sha;
      if (kept) entries.push({ path: entry.path, mode: entry.mode, type: entry.type, sha: kept });
    }
    if (!changed) return sha;
    if (!entries.length) return null;
    return (await kit.ask(`/repos/${repo.full_name}/git/trees`, { method: "POST", body: { tree: entries }, token: call.token })).data.sha;
  }
  kit.after("POST", "/repos/:owner/:repo/git/trees", async (call, result) => {
    if (result.status !== 201) return;
    const repo = kit.repo(call), sha = await pruned(call, repo, result.data.sha);
    if (sha && sha !== result.data.sha) result.data = { ...replaceAll(result.data, result.data.sha, sha), tree: kit.tree(repo, sha).tree };
    const base = `${kit.baseUrl}/repos/${repo.full_name}/git`;
    result.data.tree = result.data.tree.map((e) => ({ ...e, url: `${base}/${e.type}s/${e.sha}` }));
  });

  // Workflow files: an app needs the permission `workflows`, whatever way they come.
  const mayNot = (call) => call.grant?.installation && call.grant.installation.permissions.workflows !== "write";
  const refusal = () => problem(403, "Resource not accessible by integration");
  const workflowsOf = (repo, sha) => {
    let tree = kit.tree(repo, kit.commit(repo, sha)?.tree_sha);
    for (const name of [".github", "workflows"]) { const entry = tree?.tree.find((e) => e.path === name); if (!entry || entry.type !== "tree") return null; if (name === "workflows") return entry.sha; tree = kit.tree(repo, entry.sha); }
    return null;
  };
  kit.before("POST", "/repos/:owner/:repo/git/trees", (call) => (mayNot(call) && call.body?.tree?.some?.((e) => e.path?.startsWith(".github/workflows/")) ? refusal() : undefined));
  const moves = (call) => {
    const repo = kit.repo(call), target = repo && kit.commit(repo, call.body?.sha);
    if (!target || !mayNot(call)) return undefined;
    const wanted = workflowsOf(repo, target.sha);
    const known = gh.branches.findBy("repo_id", repo.id).some((b) => workflowsOf(repo, b.sha) === wanted);
    return wanted !== null && !known ? refusal() : undefined;
  };
  kit.before("POST", "/repos/:owner/:repo/git/refs", moves);
  kit.before("PATCH", "/repos/:owner/:repo/git/refs/:ref*", moves);

  // Files beyond 1 MiB come without content, unless asked for raw.
  kit.after("GET", "/repos/:owner/:repo/contents/:path*", (call, { status, data }) => {
    if (status === 200 && data.type === "file" && data.size > MIB && !/raw/.test(call.headers.accept ?? "")) Object.assign(data, { content: "", encoding: "none" });
  });

  // Pushes: what GitHub tells about them, and about branches that go.
  kit.payload("push", (payload, repo) => {
    const commit = (sha) => { const c = kit.commit(repo, sha); return c && { id: c.sha, tree_id: c.tree_sha, distinct: true, message: c.message, timestamp: c.committer_date, url: `${kit.baseUrl}/${repo.full_name}/commit/${c.sha}`, author: { name: c.author_name, email: c.author_email }, committer: { name: c.committer_name, email: c.committer_email }, added: [], removed: [], modified: [] }; };
    const ancestors = (sha) => { const seen = new Set(), todo = [sha]; while (todo.length) { const s = todo.pop(); if (seen.has(s)) continue; const c = kit.commit(repo, s); if (!c) continue; seen.add(s); todo.push(...c.parent_shas); } return seen; };
    const old = ancestors(payload.before), fresh = [...ancestors(payload.after)].filter((s) => !old.has(s)).reverse();
    const zero = /^0+$/;
    Object.assign(payload, { created: zero.test(payload.before), deleted: zero.test(payload.after), forced: !zero.test(payload.before) && !zero.test(payload.after) && !ancestors(payload.after).has(payload.before), base_ref: null, compare: `${kit.baseUrl}/${repo.full_name}/compare/${payload.before}...${payload.after}`, commits: payload.commits ?? fresh.map(commit), head_commit: commit(payload.after) ?? null, pusher: { name: payload.sender?.login, email: null } });
    return true;
  });
}

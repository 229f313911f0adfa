// Issues and their comments: pull requests count as issues, events carry what GitHub's carry.
// OURS, not the emulator's, which knows no pull request under /issues.
// Source: GitHub REST "Issues"; recorded payloads of @octokit/webhooks-examples, `issues` and `issue_comment`.
import { invalid, json, problem } from "../kit.mjs";

const LONGEST = 65536;

export function correct(kit) {
  const { gh } = kit;
  let before; // text of an issue or comment before it was edited, for `changes`
  kit.onReset(() => { before = new Map(); });

  // What an issue that is a pull request has besides.
  const asPull = (repo, issue) => {
    const pull = issue && kit.pull(repo, issue.number);
    if (!pull) return issue;
    const html = `${kit.baseUrl}/${repo.full_name}/pull/${issue.number}`;
    return { ...issue, html_url: html, draft: pull.draft, title: pull.title, body: pull.body, state: pull.state, pull_request: { url: `${kit.baseUrl}/repos/${repo.full_name}/pulls/${issue.number}`, html_url: html, diff_url: `${html}.diff`, patch_url: `${html}.patch`, merged_at: pull.merged_at } };
  };
  const app = () => { const a = kit.app0(); return { id: a.app_id, slug: a.slug, node_id: "A", client_id: "Iv1.test", owner: null, name: a.name, description: null, external_url: "https://example.com", html_url: `${kit.baseUrl}/apps/${a.slug}`, created_at: a.created_at, updated_at: a.updated_at, permissions: a.permissions, events: a.events }; };
  const viaApp = (thing) => { if (thing?.user?.type === "Bot" && "performed_via_github_app" in thing) thing.performed_via_github_app = app(); };

  // The emulator's own answer, with pull requests taken for issues while it answers.
  let asking = 0;
  const pretend = (repo, value) => { for (const pull of gh.pullRequests.findBy("repo_id", repo.id)) { const row = kit.issue(repo, pull.number); if (row) row.is_pull_request = value; } };
  async function lenient(repo, call) {
    asking++;
    pretend(repo, false);
    try { return await kit.ask(call.path + (call.query.size ? `?${call.query}` : ""), { token: call.token || undefined }); } finally { if (--asking === 0) for (const any of gh.repos.all()) pretend(any, true); }
  }
  const link = ({ headers }) => (headers.link ? { link: headers.link } : {});
  kit.issueJson = async (repo, number) => asPull(repo, (await lenient(repo, { path: `/repos/${repo.full_name}/issues/${number}`, query: new URLSearchParams() })).data);

  kit.route("GET", "/repos/:owner/:repo/issues", async (call) => {
    const repo = kit.repo(call);
    if (!repo) return problem(404, "Not Found");
    const answer = await lenient(repo, call);
    if (answer.status !== 200) return json(answer.data, answer.status);
    answer.data.forEach(viaApp);
    return json(answer.data.map((issue) => asPull(repo, issue)), 200, link(answer));
  });
  const one = async (call) => {
    const repo = kit.repo(call), row = kit.pull(repo, call.params.number);
    if (!row) return undefined;
    const issue = await kit.issueJson(repo, row.number);
    viaApp(issue);
    return json(issue);
  };
  kit.route("GET", "/repos/:owner/:repo/issues/:number", one);
  kit.route("PATCH", "/repos/:owner/:repo/issues/:number", async (call) => {
    if (!kit.pull(kit.repo(call), call.params.number)) return undefined;
    const { labels, ...rest } = call.body ?? {}, base = call.path.replace("/issues/", "/pulls/"), params = call.params;
    if (Object.keys(rest).length) { const done = await kit.again(call, base, "PATCH", rest); if (done.status >= 300) return done; }
    if (labels) { const done = await kit.again(call, `${call.path}/labels`, "PUT", { labels }); if (done.status >= 300) return done; }
    return one({ ...call, params });
  });

  // Texts are bounded.
  for (const path of ["issues", "issues/:number", "pulls", "pulls/:number", "issues/:number/comments", "issues/comments/:id", "pulls/:number/comments", "pulls/:number/comments/:id/replies"]) {
    const bounded = (call) => ([...(call.body?.body ?? "")].length > LONGEST ? invalid({ resource: "Issue", code: "custom", field: "body", message: `body is too long (maximum is ${LONGEST} characters)` }) : undefined);
    kit.before("POST", `/repos/:owner/:repo/${path}`, bounded);
    kit.before("PATCH", `/repos/:owner/:repo/${path}`, bounded);
  }

  for (const path of ["issues/:id", "issues/comments/:id", "issues", "issues/:id/comments"]) {
    kit.after("*", `/repos/:owner/:repo/${path}`, (call, { data }) => { if (Array.isArray(data)) data.forEach(viaApp); else viaApp(data); });
  }

  // An issue that is opened with labels is told as opened, then as labelled with each.
  kit.after("POST", "/repos/:owner/:repo/issues", async (call, { status, data }) => {
    if (status !== 201) return;
    for (const label of data.labels) await kit.send("issues", "labeled", { issue: data, label }, kit.repo(call), kit.actor(call.grant));
  });

  // Edits tell what was there before.
  kit.before("PATCH", "/repos/:owner/:repo/issues/:number", (call) => { const row = kit.issue(kit.repo(call), call.params.number); if (row) before.set(`issue ${row.id}`, { title: row.title, body: row.body }); });
  kit.before("PATCH", "/repos/:owner/:repo/issues/comments/:id", (call) => { const row = gh.comments.get(+call.params.id); if (row) before.set(`comment ${row.id}`, { body: row.body }); });
  const changes = (key, is) => Object.fromEntries(Object.entries(before.get(key) ?? {}).filter(([k, v]) => v !== is[k]).map(([k, v]) => [k, { from: v }]));

  kit.payload("issues", (payload, repo) => {
    if (payload.issue?.head) { payload.event = "pull_request"; payload.pull_request = payload.issue; delete payload.issue; }
    viaApp(payload.issue);
    if (payload.label) { const row = gh.labels.findBy("repo_id", repo.id).find((l) => l.name === payload.label.name); if (row) payload.label = { id: row.id, node_id: row.node_id, url: `${kit.baseUrl}/repos/${repo.full_name}/labels/${encodeURIComponent(row.name)}`, name: row.name, color: row.color, default: row.default, description: row.description }; }
    if (payload.action === "edited") { payload.changes = changes(`issue ${payload.issue.id}`, payload.issue); return Object.keys(payload.changes).length > 0; }
    return true;
  });
  kit.payload("issue_comment", async (payload, repo) => {
    const number = payload.issue?.number ?? /\/(\d+)$/.exec(payload.comment?.issue_url ?? "")?.[1];
    if (number) payload.issue = await kit.issueJson(repo, number);
    viaApp(payload.issue);
    viaApp(payload.comment);
    if (payload.action === "edited") payload.changes = changes(`comment ${payload.comment.id}`, payload.comment);
    return true;
  });
}

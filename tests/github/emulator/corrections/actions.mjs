// Actions: workflows are the files of the default branch; runs that a test completes, with artifacts that are kept elsewhere.
// OURS: the emulator keeps workflows, runs and artifacts, but nothing makes a workflow, uploads an artifact, or ends a run.
// Source: GitHub REST "Actions: workflow runs", "artifacts", "Commits: list pull requests associated with a commit"; recorded payloads, `workflow_run`.
import { createHash } from "node:crypto";
import { json, nodeId, now, problem } from "../kit.mjs";

const FOLDER = ".github/workflows";

export function correct(kit) {
  const { gh } = kit;
  let blobs, titles; // what artifacts hold; what `run-name` makes of a run
  kit.onReset(() => { blobs = new Map(); titles = new Map(); });

  async function sync(repo) {
    const files = await kit.get(`/repos/${repo.full_name}/contents/${FOLDER}?ref=${repo.default_branch}`);
    for (const { name, path } of Array.isArray(files) ? files : []) {
      if (!/\.ya?ml$/.test(name) || gh.workflows.findBy("repo_id", repo.id).some((w) => w.path === path)) continue;
      const text = Buffer.from((await kit.get(`/repos/${repo.full_name}/contents/${path}?ref=${repo.default_branch}`)).content, "base64").toString();
      const row = gh.workflows.insert({ node_id: "", repo_id: repo.id, name: /^name:\s*(.+)$/m.exec(text)?.[1].trim() ?? path, path, state: "active", badge_url: "" });
      gh.workflows.update(row.id, { node_id: nodeId("Workflow", row.id) });
    }
  }
  const synced = async (call) => { const repo = kit.repo(call); if (repo) await sync(repo); };
  kit.before("*", "/repos/:owner/:repo/actions/workflows", synced);
  kit.before("*", "/repos/:owner/:repo/actions/workflows/:rest*", synced);

  const brief = async (repo) => (({ id, node_id, name, full_name, private: hidden, owner, html_url, url, default_branch }) => ({ id, node_id, name, full_name, private: hidden, owner, html_url, url, default_branch }))(await kit.get(`/repos/${repo.full_name}`));
  const shaped = async (repo, run) => { if (run?.run_number) Object.assign(run, { display_title: titles.get(run.id) ?? run.display_title, head_repository: await brief(repo), artifacts_url: `${run.url}/artifacts`, jobs_url: `${run.url}/jobs`, triggering_actor: run.actor }); return run; };
  const bytesOf = (artifact) => { const bytes = blobs.get(artifact.id); return bytes ? Object.assign(artifact, { digest: `sha256:${createHash("sha256").update(bytes).digest("hex")}`, updated_at: artifact.created_at }) : artifact; };
  kit.after("GET", "/repos/:owner/:repo/actions/:rest*", async (call, { status, data }) => {
    if (status !== 200) return;
    const repo = kit.repo(call);
    await shaped(repo, data);
    for (const run of data.workflow_runs ?? []) await shaped(repo, run);
    data.artifacts?.forEach(bytesOf);
    const name = call.query.get("name"); // which the emulator does not look at
    if (data.artifacts && name) { data.artifacts = data.artifacts.filter((a) => a.name === name); data.total_count = data.artifacts.length; }
  });
  // `status` is a conclusion as well; the emulator compares it with the status alone.
  kit.before("GET", "/repos/:owner/:repo/actions/workflows/:workflow/runs", (call) => { call.conclusion = call.query.get("status"); if (["success", "failure", "cancelled"].includes(call.conclusion)) call.query.set("status", "completed"); });
  kit.after("GET", "/repos/:owner/:repo/actions/workflows/:workflow/runs", (call, { status, data }) => {
    if (status !== 200 || !["success", "failure", "cancelled"].includes(call.conclusion)) return;
    data.workflow_runs = data.workflow_runs.filter((run) => run.conclusion === call.conclusion).sort((a, b) => b.id - a.id);
    data.total_count = data.workflow_runs.length;
  });

  // Artifacts are kept by somebody else, who takes no token of GitHub's.
  kit.route("GET", "/repos/:owner/:repo/actions/artifacts/:id/zip", (call) => {
    const artifact = gh.artifacts.get(+call.params.id), repo = kit.repo(call);
    if (!artifact || artifact.repo_id !== repo?.id) return problem(404, "Not Found");
    const granted = call.grant?.installation?.permissions?.actions;
    if (!call.grant || (call.grant.installation && !granted)) return problem(403, "Resource not accessible by integration");
    if (artifact.expired) return problem(410, "Artifact has expired");
    return json(null, 302, { location: `${kit.baseUrl.replace("127.0.0.1", "localhost")}/_ctl/blobs/${artifact.id}?sig=x` });
  });
  kit.route("GET", "/_ctl/blobs/:id", (call) => (call.headers.authorization ? problem(400, "InvalidAuthenticationInfo") : { raw: blobs.get(+call.params.id), status: 200, headers: { "content-type": "application/zip" } }));

  kit.route("GET", "/repos/:owner/:repo/commits/:sha/pulls", async (call) => {
    const repo = kit.repo(call);
    if (!repo || !kit.commit(repo, call.params.sha)) return problem(422, `No commit found for SHA: ${call.params.sha}`);
    const found = [];
    for (const pull of gh.pullRequests.findBy("repo_id", repo.id)) {
      const seen = new Set(), todo = [pull.head_sha];
      for (let sha; (sha = todo.pop());) { if (seen.has(sha) || sha === pull.base_sha) continue; seen.add(sha); todo.push(...(kit.commit(repo, sha)?.parent_shas ?? [])); }
      if (seen.has(call.params.sha)) found.push(await kit.get(`/repos/${repo.full_name}/pulls/${pull.number}`));
    }
    return json(found);
  });

  const keep = (run, { name, zip_base64 }) => {
    const bytes = Buffer.from(zip_base64, "base64");
    const row = gh.artifacts.insert({ node_id: "", repo_id: run.repo_id, run_id: run.id, name, size_in_bytes: bytes.length, expired: false, expires_at: new Date(Date.now() + 9e7).toISOString() });
    blobs.set(row.id, bytes);
    return gh.artifacts.update(row.id, { node_id: nodeId("Artifact", row.id) });
  };
  // What a job uploads while its run goes on: {name, zip_base64}.
  kit.route("POST", "/_ctl/runs/:id/artifacts", ({ params, body }) => {
    const run = gh.workflowRuns.get(+params.id);
    return run ? json({ id: keep(run, body).id }, 201) : problem(404, "Not Found");
  });

  // A run of a workflow of the default branch, as another run, a push or a person starts one: {repository, path, event, branch, login}.
  kit.route("POST", "/_ctl/runs", async ({ body }) => {
    const repo = gh.repos.findOneBy("full_name", body.repository);
    await sync(repo);
    const workflow = gh.workflows.findBy("repo_id", repo.id).find((w) => w.path === body.path), branch = kit.branch(repo, body.branch || repo.default_branch);
    if (!workflow || !branch) return problem(404, `no workflow ${body.path} on the default branch`);
    const number = gh.workflowRuns.findBy("workflow_id", workflow.id).length + 1, actor = gh.users.findOneBy("login", body.login || "owner");
    const row = gh.workflowRuns.insert({ node_id: "", repo_id: repo.id, workflow_id: workflow.id, name: workflow.name, head_branch: branch.name, head_sha: branch.sha, run_number: number, event: body.event ?? "workflow_run", status: "in_progress", conclusion: null, actor_id: actor.id, run_attempt: 1, run_started_at: now() });
    gh.workflowRuns.update(row.id, { node_id: nodeId("WorkflowRun", row.id) });
    return json({ id: row.id }, 201);
  });

  kit.route("POST", "/_ctl/runs/:id/title", ({ params, body }) => { titles.set(+params.id, body.title); return json({}, 201); });

  // A run ends: {conclusion, artifacts: [{name, zip_base64}]}.
  kit.route("POST", "/_ctl/runs/:id/complete", async ({ params, body }) => {
    const run = gh.workflowRuns.get(+params.id);
    if (!run) return problem(404, "Not Found");
    for (const artifact of body.artifacts ?? []) keep(run, artifact);
    gh.workflowRuns.update(run.id, { status: "completed", conclusion: body.conclusion ?? "success" });
    const repo = gh.repos.get(run.repo_id), at = `/repos/${repo.full_name}/actions`;
    const workflow = await kit.get(`${at}/workflows/${run.workflow_id}`);
    await kit.send("workflow_run", "completed", { workflow_run: await shaped(repo, await kit.get(`${at}/runs/${run.id}`)), workflow }, repo, gh.users.get(run.actor_id));
    return json({}, 201);
  });
}

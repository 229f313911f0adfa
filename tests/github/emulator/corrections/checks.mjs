// Check runs: annotations that are kept whole and appended, the app that made them, buttons and re-runs.
// OURS, not the emulator's, which drops half of an annotation and replaces all of them by an update.
// Source: GitHub REST "Checks: check runs"; recorded payloads of @octokit/webhooks-examples, `check_run`.
import { json, problem } from "../kit.mjs";

const MOST = 50, LONGEST = 65535;

export function correct(kit) {
  const { gh } = kit;
  let annotations, makers; // the app that made a run, where it is not the first
  kit.onReset(() => { annotations = new Map(); makers = new Map(); });
  const of = (id) => annotations.get(id) ?? annotations.set(id, []).get(id);

  const app = (run) => { const a = makers.get(run.id) ?? kit.app0(); return { id: a.app_id, client_id: "Iv1.test", slug: a.slug, node_id: "A", owner: { login: "acme", id: 1 }, name: a.name, description: "", external_url: "https://example.com", html_url: `${kit.baseUrl}/apps/${a.slug}`, created_at: a.created_at, updated_at: a.updated_at, permissions: a.permissions, events: a.events }; };
  const shaped = (repo, run) => {
    const pulls = gh.pullRequests.findBy("repo_id", repo.id).filter((p) => p.state === "open" && p.head_sha === run.head_sha && p.head_repo_id === repo.id);
    const brief = { id: repo.id, url: `${kit.baseUrl}/repos/${repo.full_name}`, name: repo.name };
    run.output = { ...run.output, annotations_count: of(run.id).length, annotations_url: `${run.url}/annotations` };
    run.app = app(run);
    run.pull_requests = pulls.map((p) => ({ url: `${brief.url}/pulls/${p.number}`, id: p.id, number: p.number, head: { ref: p.head_ref, sha: p.head_sha, repo: brief }, base: { ref: p.base_ref, sha: p.base_sha, repo: brief } }));
    return run;
  };

  const bounded = (call) => {
    const output = call.body?.output;
    if ((output?.annotations?.length ?? 0) > MOST) return problem(422, `Invalid request.\n\nNo more than ${MOST} items are allowed; ${output.annotations.length} were supplied.`);
    for (const field of ["summary", "text"]) if ((output?.[field] ?? "").length > LONGEST) return problem(422, `Invalid request.\n\n${field} exceeds a maximum bytesize of ${LONGEST}.`);
    if (output && (!output.title || typeof output.summary !== "string")) return problem(422, `Invalid request.\n\n"title", "summary" weren't supplied.`);
    const repo = kit.repo(call);
    if (call.method === "POST" && repo && !kit.commit(repo, call.body?.head_sha)) return problem(422, "Validation Failed", [`No commit found for SHA: ${call.body?.head_sha}`]);
    return undefined;
  };
  kit.before("POST", "/repos/:owner/:repo/check-runs", bounded);
  kit.before("PATCH", "/repos/:owner/:repo/check-runs/:id", bounded);
  const kept = (call, { status, data }) => {
    if (status >= 300) return;
    for (const a of call.body?.output?.annotations ?? []) of(data.id).push({ blob_href: `${kit.baseUrl}/${kit.repo(call).full_name}/blob/${data.head_sha}/${a.path}`, title: null, raw_details: null, start_column: null, end_column: null, ...a });
  };
  kit.after("POST", "/repos/:owner/:repo/check-runs", (call, { status, data }) => {
    const maker = gh.apps.all().find((a) => a.app_id === call.grant?.installation?.appId);
    if (status < 300 && maker && maker.id !== kit.app0().id) makers.set(data.id, maker);
  });
  kit.after("POST", "/repos/:owner/:repo/check-runs", kept);
  kit.after("PATCH", "/repos/:owner/:repo/check-runs/:id", kept);
  const look = (call, { status, data }) => { if (status < 300 && data?.output) shaped(kit.repo(call), data); };
  kit.after("*", "/repos/:owner/:repo/check-runs", look);
  kit.after("*", "/repos/:owner/:repo/check-runs/:id", look);
  kit.after("GET", "/repos/:owner/:repo/commits/:rest*", (call, { status, data }) => { if (status === 200) data.check_runs?.forEach((run) => shaped(kit.repo(call), run)); });
  kit.route("GET", "/repos/:owner/:repo/check-runs/:id/annotations", (call) => {
    if (!gh.checkRuns.get(+call.params.id)) return problem(404, "Not Found");
    const size = Math.min(+(call.query.get("per_page") ?? 30), 100), page = +(call.query.get("page") ?? 1), list = of(+call.params.id);
    return json(list.slice((page - 1) * size, page * size), 200, page * size < list.length ? { link: `<${kit.baseUrl}${call.path}?per_page=${size}&page=${page + 1}>; rel="next"` } : {});
  });
  // That somebody wants one again is told the app that made it, alone.
  kit.payload("check_run", (payload, repo) => { shaped(repo, payload.check_run); return !(makers.has(payload.check_run.id) && ["rerequested", "requested_action"].includes(payload.action)); });

  // Somebody presses a button of a check run: {identifier}, as {login}.
  kit.route("POST", "/_ctl/check-runs/:id/action", async (call) => {
    const run = gh.checkRuns.get(+call.params.id), repo = run && gh.repos.get(run.repo_id), actor = gh.users.findOneBy("login", call.body.login);
    if (!run || !actor) return problem(404, "Not Found");
    await kit.send("check_run", "requested_action", { check_run: await kit.get(`/repos/${repo.full_name}/check-runs/${run.id}`), requested_action: { identifier: call.body.identifier } }, repo, actor);
    return json({}, 201);
  });
}

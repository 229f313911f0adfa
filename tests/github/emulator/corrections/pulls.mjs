// Pull requests that follow their branch: new commits, forced pushes, deleted branches, files and commits, merging.
// OURS, not the emulator's, whose pull requests stay as they were opened.
// Source: GitHub REST "Pulls"; recorded payloads of @octokit/webhooks-examples, `pull_request`.
import { invalid, json, problem } from "../kit.mjs";

const CLOSES = /\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?):?\s+#(\d+)/gi;
const NONE = "0".repeat(40);

export function correct(kit) {
  const { gh } = kit;
  const comparison = (repo, pull) => kit.get(`/repos/${repo.full_name}/compare/${pull.base_sha}...${pull.head_sha}`);
  kit.filesOf = async (repo, pull) => (await comparison(repo, pull)).files ?? [];
  const sizes = async (repo, pull) => {
    const { files, commits } = await comparison(repo, pull);
    return files ? { changed_files: files.length, additions: files.reduce((n, f) => n + f.additions, 0), deletions: files.reduce((n, f) => n + f.deletions, 0), commits: commits.length } : {};
  };
  kit.pullJson = async (repo, number) => Object.assign(await kit.get(`/repos/${repo.full_name}/pulls/${number}`), await sizes(repo, kit.pull(repo, number)));

  kit.before("POST", "/repos/:owner/:repo/pulls", (call) => {
    const repo = kit.repo(call), { head = "", base = "" } = call.body ?? {};
    if (!repo || !head || !base) return undefined;
    const [owner, name] = head.includes(":") ? head.split(":") : [call.params.owner, head];
    if (owner !== call.params.owner) return undefined;
    const [from, onto] = [kit.branch(repo, name), kit.branch(repo, base)];
    if (!onto) return invalid({ resource: "PullRequest", field: "base", code: "invalid" });
    if (!from) return invalid({ resource: "PullRequest", field: "head", code: "invalid" });
    if (gh.pullRequests.findBy("repo_id", repo.id).some((p) => p.state === "open" && p.head_ref === name && p.base_ref === base)) return invalid({ resource: "PullRequest", code: "custom", message: `A pull request already exists for ${owner}:${name}.` });
    if (from.sha === onto.sha) return invalid({ resource: "PullRequest", code: "custom", message: `No commits between ${base} and ${name}` });
    call.body = { ...call.body, head: name };
    return undefined;
  });
  // Whether it is a draft is changed by GraphQL only.
  kit.before("PATCH", "/repos/:owner/:repo/pulls/:number", (call) => { if (call.body) { const { draft, ...rest } = call.body; call.body = rest; } });
  kit.after("POST", "/repos/:owner/:repo/pulls", async (call, { status, data }) => { if (status === 201) Object.assign(data, await sizes(kit.repo(call), kit.pull(kit.repo(call), data.number))); });
  for (const method of ["GET", "PATCH"]) kit.after(method, "/repos/:owner/:repo/pulls/:number", async (call, { status, data }) => { if (status === 200) Object.assign(data, await sizes(kit.repo(call), kit.pull(kit.repo(call), call.params.number))); });

  const paged = (call, list) => {
    const size = Math.min(+(call.query.get("per_page") ?? 30), 100), page = +(call.query.get("page") ?? 1), last = Math.max(1, Math.ceil(list.length / size));
    const to = (n, rel) => { const q = new URLSearchParams(call.query); q.set("page", n); return `<${kit.baseUrl}${call.path}?${q}>; rel="${rel}"`; };
    return json(list.slice((page - 1) * size, page * size), 200, page < last ? { link: `${to(page + 1, "next")}, ${to(last, "last")}` } : {});
  };
  for (const part of ["files", "commits"]) {
    kit.route("GET", `/repos/:owner/:repo/pulls/:number/${part}`, async (call) => {
      const repo = kit.repo(call), pull = kit.pull(repo, call.params.number);
      return pull ? paged(call, (await comparison(repo, pull))[part] ?? []) : problem(404, "Not Found");
    });
  }

  kit.before("POST", "/repos/:owner/:repo/pulls/:number/requested_reviewers", (call) => {
    const repo = kit.repo(call), pull = kit.pull(repo, call.params.number);
    for (const login of pull ? call.body?.reviewers ?? [] : []) {
      const user = gh.users.findOneBy("login", login);
      if (user?.id === pull.user_id) return problem(422, "Review cannot be requested from pull request author.");
      if (!user || (kit.role(repo, user) !== "admin" && !gh.collaborators.findBy("repo_id", repo.id).some((c) => c.user_id === user.id))) return problem(422, `Reviews may only be requested from collaborators. One or more of the users or teams you specified is not a collaborator of the ${repo.full_name} repository.`);
    }
    return undefined;
  });

  // Merging: GitHub's own status for what cannot be merged; "Closes #n" closes.
  kit.after("PUT", "/repos/:owner/:repo/pulls/:number/merge", async (call, result) => {
    if (result.status === 422) Object.assign(result, problem(/out of date/.test(result.data.message) ? 409 : 405, result.data.message), { headers: result.headers });
    if (result.status !== 200) return;
    const repo = kit.repo(call), pull = kit.pull(repo, call.params.number);
    for (const [, number] of (pull.body ?? "").matchAll(CLOSES)) {
      const issue = kit.issue(repo, number);
      if (issue?.state === "open" && !kit.pull(repo, number)) await kit.ask(`/repos/${repo.full_name}/issues/${number}`, { method: "PATCH", body: { state: "closed", state_reason: "completed" }, token: call.token });
    }
  });

  kit.payload("pull_request", async (payload, repo) => {
    payload.number = payload.pull_request.number;
    Object.assign(payload.pull_request, await sizes(repo, kit.pull(repo, payload.number) ?? payload));
    if (payload.action === "review_requested") payload.requested_reviewer = payload.pull_request.requested_reviewers.at(-1);
    return true;
  });

  const open = (repo, branch) => gh.pullRequests.findBy("repo_id", repo.id).filter((p) => p.state === "open" && p.head_ref === branch && p.head_repo_id === repo.id);
  kit.pushed = async (push, repo) => {
    const branch = push.ref.replace("refs/heads/", ""), actor = gh.users.findOneBy("login", push.sender.login);
    for (const pull of gh.pullRequests.findBy("repo_id", repo.id).filter((p) => p.state === "open" && p.base_ref === branch)) gh.pullRequests.update(pull.id, { base_sha: push.after });
    for (const pull of open(repo, branch)) {
      await kit.send("pull_request", "synchronize", { number: pull.number, before: push.before, after: push.after, pull_request: await kit.pullJson(repo, pull.number) }, repo, actor);
    }
  };
  // The head moves at once, so that whoever pushed and then asks sees it.
  const follow = (call, { status, data }) => {
    if (status >= 300) return;
    const repo = kit.repo(call), branch = (data.ref ?? "").replace("refs/heads/", "");
    for (const pull of open(repo, branch)) gh.pullRequests.update(pull.id, { head_sha: data.object.sha });
  };
  kit.after("PATCH", "/repos/:owner/:repo/git/refs/:ref*", follow);
  kit.after("POST", "/repos/:owner/:repo/git/refs", follow);
  for (const method of ["PUT", "DELETE"]) kit.after(method, "/repos/:owner/:repo/contents/:path*", (call, { status, data }) => {
    const repo = kit.repo(call), branch = call.body?.branch ?? repo?.default_branch;
    if (status < 300) for (const pull of open(repo, branch)) gh.pullRequests.update(pull.id, { head_sha: data.commit.sha });
  });

  // A branch that is deleted closes its pull requests.
  kit.route("DELETE", "/repos/:owner/:repo/git/refs/:ref*", async (call) => {
    const repo = kit.repo(call), name = call.params.ref.replace(/^heads\//, ""), was = repo && kit.branch(repo, name)?.sha;
    const done = await kit.ask(call.path, { method: "DELETE", token: call.token });
    if (done.status !== 204) return done.status === 404 ? problem(422, "Reference does not exist") : json(done.data, done.status);
    const actor = kit.actor(call.grant);
    await kit.send("push", undefined, { ref: `refs/heads/${name}`, before: was, after: NONE }, repo, actor);
    await kit.send("delete", undefined, { ref: name, ref_type: "branch", pusher_type: "user" }, repo, actor);
    for (const pull of open(repo, name)) await kit.again(call, `/repos/${repo.full_name}/pulls/${pull.number}`, "PATCH", { state: "closed" });
    return json(null, 204);
  });
}

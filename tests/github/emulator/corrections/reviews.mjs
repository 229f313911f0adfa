// Reviews with comments at lines, threads of comments, and the reviews that GitHub makes of single comments and answers.
// OURS, not the emulator's, whose comments hang on positions and whose answers hang on nothing.
// Source: GitHub REST "Pulls: reviews" and "Pulls: review comments"; recorded payloads of @octokit/webhooks-examples.
import { json, nodeId, now, problem } from "../kit.mjs";

const unprocessable = (message) => problem(422, "Unprocessable Entity", [message]);

export function correct(kit) {
  const { gh } = kit;
  let settled, originals; // threads that are resolved, by their first comment; line and text of each comment as it was made
  kit.onReset(() => { settled = new Map(); originals = new Map(); });

  const linesAt = (repo, sha, path) => {
    let tree = kit.tree(repo, kit.commit(repo, sha)?.tree_sha), entry;
    for (const part of path.split("/")) { entry = tree?.tree.find((e) => e.path === part); tree = entry?.type === "tree" ? kit.tree(repo, entry.sha) : undefined; }
    const blob = entry && gh.blobs.findBy("repo_id", repo.id).find((b) => b.sha === entry.sha);
    return blob ? blob.content.split("\n") : null;
  };
  // Where a comment's line stands now: null where it is gone.
  kit.lineNow = (repo, pull, comment) => {
    const { line, text } = originals.get(comment.id) ?? { line: comment.line };
    if (line == null || text === undefined) return line ?? null;
    const lines = linesAt(repo, pull.head_sha, comment.path);
    if (!lines) return null;
    if (lines[line - 1] === text) return line;
    const at = lines.indexOf(text);
    return at < 0 ? null : at + 1;
  };
  const hunk = (files, path) => (files.find((f) => f.filename === path)?.patch ?? "").split("\n").slice(0, 12).join("\n");

  const shaped = async (repo, row, data) => {
    const pull = kit.pull(repo, row.pull_number), line = kit.lineNow(repo, pull, row), original = originals.get(row.id);
    const self = `${kit.baseUrl}/repos/${repo.full_name}/pulls/comments/${row.id}`, html = `${kit.baseUrl}/${repo.full_name}/pull/${row.pull_number}#discussion_r${row.id}`;
    const out = { ...data, commit_id: line === null ? row.commit_sha : pull.head_sha, line, original_line: original?.line ?? row.line, start_line: null, original_start_line: null, start_side: null, position: line === null ? null : row.position ?? 1, diff_hunk: original?.hunk ?? "", _links: { self: { href: self }, html: { href: html }, pull_request: { href: data.pull_request_url } } };
    if (out.in_reply_to_id == null) delete out.in_reply_to_id;
    return out;
  };
  const many = (call, list) => Promise.all(list.map((c) => shaped(kit.repo(call), gh.comments.get(c.id), c)));
  for (const path of ["pulls/:number/comments", "pulls/comments", "pulls/:number/reviews/:review/comments"]) {
    kit.after("GET", `/repos/:owner/:repo/${path}`, async (call, result) => { if (result.status === 200) result.data = await many(call, result.data); });
  }
  for (const method of ["GET", "PATCH"]) kit.after(method, "/repos/:owner/:repo/pulls/comments/:id", async (call, result) => { if (result.status === 200) [result.data] = await many(call, [result.data]); });
  kit.payload("pull_request_review_comment", async (payload, repo) => {
    const row = gh.comments.get(payload.comment?.id);
    if (row) payload.comment = await shaped(repo, row, { ...payload.comment, pull_request_review_id: row.review_id });
    return !payload.early;
  });
  kit.payload("pull_request_review", (payload) => {
    payload.review = { ...payload.review, state: payload.review.state.toLowerCase(), body: payload.review.body || null };
    return true;
  });

  const remember = async (repo, pull, row, line) => {
    const text = line == null ? undefined : linesAt(repo, row.commit_sha, row.path)?.[line - 1];
    originals.set(row.id, { line: line ?? null, text, hunk: hunk(await kit.filesOf(repo, pull), row.path) });
  };
  function addReview(repo, pull, actor, state, body, commit) {
    const row = gh.reviews.insert({ node_id: "", repo_id: repo.id, pull_number: pull.number, user_id: actor.id, body, state, commit_id: commit ?? pull.head_sha, submitted_at: now() });
    return gh.reviews.update(row.id, { node_id: nodeId("PullRequestReview", row.id) });
  }
  async function addComment(repo, pull, actor, review, fields) {
    const row = gh.comments.insert({ node_id: "", repo_id: repo.id, issue_number: null, pull_number: pull.number, commit_sha: review.commit_id, user_id: actor.id, in_reply_to_id: null, position: 1, line: null, side: "RIGHT", subject_type: "line", comment_type: "review", review_id: review.id, ...fields });
    gh.comments.update(row.id, { node_id: nodeId("PullRequestReviewComment", row.id) });
    gh.pullRequests.update(pull.id, { review_comments: kit.pull(repo, pull.number).review_comments + 1 });
    return gh.comments.get(row.id);
  }
  const pullPath = (repo, pull) => `/repos/${repo.full_name}/pulls/${pull.number}`;
  async function tell(repo, pull, actor, review, comments) {
    const pull_request = await kit.pullJson(repo, pull.number);
    await kit.send("pull_request_review", "submitted", { review: await kit.get(`${pullPath(repo, pull)}/reviews/${review.id}`), pull_request }, repo, actor);
    for (const row of comments) await kit.send("pull_request_review_comment", "created", { comment: await kit.get(`/repos/${repo.full_name}/pulls/comments/${row.id}`), pull_request }, repo, actor);
  }

  const STATES = { APPROVE: "APPROVED", REQUEST_CHANGES: "CHANGES_REQUESTED", COMMENT: "COMMENTED" };
  kit.route("POST", "/repos/:owner/:repo/pulls/:number/reviews", async (call) => {
    const repo = kit.repo(call), pull = kit.pull(repo, call.params.number), actor = kit.actor(call.grant), { event, body = "", comments = [], commit_id: commit } = call.body ?? {};
    if (!pull || !STATES[event] || call.grant?.installation) return undefined;
    if (event !== "COMMENT" && actor.id === pull.user_id) return unprocessable(`Can not ${event === "APPROVE" ? "approve" : "request changes on"} your own pull request`);
    if (event !== "APPROVE" && !body && !comments.length) return unprocessable("Could not submit an empty review");
    const files = await kit.filesOf(repo, pull);
    for (const c of comments) {
      if (!files.some((f) => f.filename === c.path)) return unprocessable("Path could not be resolved");
      if (c.line == null && c.position == null && c.subject_type !== "file") return unprocessable("Line could not be resolved");
    }
    const review = addReview(repo, pull, actor, STATES[event], body, commit), made = [];
    for (const c of comments) { const line = c.line ?? c.position ?? null, row = await addComment(repo, pull, actor, review, { body: c.body, path: c.path, line, side: c.side ?? "RIGHT" }); await remember(repo, pull, row, line); made.push(row); }
    gh.pullRequests.update(pull.id, { requested_reviewer_ids: pull.requested_reviewer_ids.filter((id) => id !== actor.id) });
    await tell(repo, pull, actor, review, made);
    return json(await kit.get(`${pullPath(repo, pull)}/reviews/${review.id}`), 200);
  });

  // A single comment, or an answer, is a review of its own.
  kit.addReply = async (repo, pull, actor, root, body) => {
    const first = root.in_reply_to_id ? gh.comments.get(root.in_reply_to_id) : root;
    const review = addReview(repo, pull, actor, "COMMENTED", "", pull.head_sha);
    const row = await addComment(repo, pull, actor, review, { body, path: first.path, line: first.line, side: first.side, in_reply_to_id: first.id, commit_sha: first.commit_sha });
    originals.set(row.id, originals.get(first.id));
    await tell(repo, pull, actor, review, [row]);
    return row;
  };
  const may = (call) => !call.grant?.installation || call.grant.installation.permissions.pull_requests === "write";
  const answer = async (call, id) => {
    const repo = kit.repo(call), pull = kit.pull(repo, call.params.number), root = gh.comments.get(+id), actor = kit.actor(call.grant);
    if (!pull || root?.comment_type !== "review" || root.pull_number !== pull.number) return problem(404, "Not Found");
    if (!may(call)) return problem(403, "Resource not accessible by integration");
    if (!call.body?.body?.trim()) return unprocessable("Body can't be blank");
    if (root.in_reply_to_id) return unprocessable("in_reply_to_id must be a top-level comment");
    const row = await kit.addReply(repo, pull, actor, root, call.body.body);
    return json(await shaped(repo, row, await kit.get(`/repos/${repo.full_name}/pulls/comments/${row.id}`)), 201);
  };
  kit.route("POST", "/repos/:owner/:repo/pulls/:number/comments/:id/replies", (call) => answer(call, call.params.id));
  kit.route("POST", "/repos/:owner/:repo/pulls/:number/comments", async (call) => {
    if (call.body?.in_reply_to) return answer(call, call.body.in_reply_to);
    const repo = kit.repo(call), pull = kit.pull(repo, call.params.number), actor = kit.actor(call.grant), { body, path, line, side, commit_id: commit } = call.body ?? {};
    if (!pull || !actor) return undefined;
    if (!may(call)) return problem(403, "Resource not accessible by integration");
    if (!(await kit.filesOf(repo, pull)).some((f) => f.filename === path)) return unprocessable("Path could not be resolved");
    const review = addReview(repo, pull, actor, "COMMENTED", "", commit), row = await addComment(repo, pull, actor, review, { body, path, line: line ?? null, side: side ?? "RIGHT" });
    await remember(repo, pull, row, line ?? null);
    await tell(repo, pull, actor, review, [row]);
    return json(await shaped(repo, row, await kit.get(`/repos/${repo.full_name}/pulls/comments/${row.id}`)), 201);
  });

  // Threads, for GraphQL.
  kit.threadsOf = (repo, pull) => {
    const rows = gh.comments.findBy("repo_id", repo.id).filter((c) => c.comment_type === "review" && c.pull_number === pull.number).sort((a, b) => a.id - b.id);
    return rows.filter((c) => !c.in_reply_to_id).map((root) => ({ id: nodeId("PullRequestReviewThread", root.id), root, repo, pull, rows: rows.filter((c) => c.id === root.id || c.in_reply_to_id === root.id) }));
  };
  kit.thread = (id) => gh.pullRequests.all().flatMap((p) => kit.threadsOf(gh.repos.get(p.repo_id), p)).find((t) => t.id === id);
  kit.resolver = (thread) => settled.get(thread.root.id);
  kit.settle = async (thread, actor, resolved) => {
    if (resolved === settled.has(thread.root.id)) return;
    if (resolved) settled.set(thread.root.id, actor); else settled.delete(thread.root.id);
    const comments = await many({ params: { owner: thread.repo.full_name.split("/")[0], repo: thread.repo.name } }, await Promise.all(thread.rows.map((r) => kit.get(`/repos/${thread.repo.full_name}/pulls/comments/${r.id}`))));
    await kit.send("pull_request_review_thread", resolved ? "resolved" : "unresolved", { thread: { node_id: thread.id, comments }, pull_request: await kit.pullJson(thread.repo, thread.pull.number) }, thread.repo, actor);
  };
}

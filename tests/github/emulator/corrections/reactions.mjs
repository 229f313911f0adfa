// Reactions on issues, comments and review comments.
// OURS, the emulator has none.
// Source: GitHub REST "Reactions".
import { invalid, json, nodeId, now, problem } from "../kit.mjs";

const CONTENT = ["+1", "-1", "laugh", "confused", "heart", "hooray", "rocket", "eyes"];
const KINDS = ["issues/:id", "issues/comments/:id", "pulls/comments/:id"];

export function correct(kit) {
  let all, next;
  kit.onReset(() => { all = new Map(); next = 1; });
  const at = (target) => all.get(target) ?? all.set(target, []).get(target);
  const row = (call, kind) => {
    const repo = kit.repo(call);
    if (!repo) return undefined;
    if (kind === "issues/:id") return kit.issue(repo, call.params.id);
    const comment = kit.gh.comments.get(+call.params.id);
    return comment?.repo_id === repo.id && comment.comment_type === (kind[0] === "i" ? "issue" : "review") ? comment : undefined;
  };
  const may = (call, kind) => { const p = call.grant?.installation?.permissions; return !p || p[kind[0] === "i" ? "issues" : "pull_requests"] === "write" || p.pull_requests === "write"; };

  for (const kind of KINDS) {
    const base = `/repos/:owner/:repo/${kind}`, key = (call) => `${kit.repo(call).id} ${kind} ${call.params.id}`;
    kit.route("POST", `${base}/reactions`, async (call) => {
      const actor = kit.actor(call.grant);
      if (!row(call, kind)) return problem(404, "Not Found");
      if (!actor) return problem(401, "Requires authentication");
      if (!may(call, kind)) return problem(403, "Resource not accessible by integration");
      if (!CONTENT.includes(call.body?.content)) return invalid({ resource: "Reaction", field: "content", code: "invalid" });
      const list = at(key(call)), old = list.find((r) => r.content === call.body.content && r.user.login === actor.login);
      if (old) return json(old, 200);
      const reaction = { id: next, node_id: nodeId("Reaction", next++), user: await kit.userJson(actor), content: call.body.content, created_at: now() };
      list.push(reaction);
      return json(reaction, 201);
    });
    kit.route("GET", `${base}/reactions`, (call) => (row(call, kind) ? json(at(key(call)).filter((r) => !call.query.has("content") || r.content === call.query.get("content"))) : problem(404, "Not Found")));
    kit.route("DELETE", `${base}/reactions/:reaction`, (call) => {
      const list = row(call, kind) ? at(key(call)) : [], index = list.findIndex((r) => r.id === +call.params.reaction);
      if (index < 0) return problem(404, "Not Found");
      if (list[index].user.login !== kit.actor(call.grant)?.login) return problem(403, "Must be the author of the reaction.");
      list.splice(index, 1);
      return json(null, 204);
    });
    kit.after("GET", base, (call, { status, data }) => {
      if (status !== 200) return;
      const list = at(key(call));
      data.reactions = { ...data.reactions, total_count: list.length, ...Object.fromEntries(CONTENT.map((c) => [c, list.filter((r) => r.content === c).length])) };
    });
  }
}

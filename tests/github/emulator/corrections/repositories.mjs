// Repositories: what happened to them is told in an event with what changed; the old name of a renamed one leads to the new.
// OURS, not the emulator's.
// Source: recorded payloads of @octokit/webhooks-examples, `repository`.
import { json } from "../kit.mjs";

export function correct(kit) {
  let moved;
  kit.onReset(() => { moved = new Map(); });

  const redirect = (call) => {
    const id = moved.get(`${call.params.owner}/${call.params.repo}`);
    const repo = id && kit.gh.repos.get(id);
    if (!repo || kit.repo(call)) return undefined;
    const location = kit.baseUrl + call.path.replace(/^\/repos\/[^/]+\/[^/]+/, `/repos/${repo.full_name}`) + (call.query.size ? `?${call.query}` : "");
    return json({ message: "Moved Permanently", url: location, documentation_url: "https://docs.github.com/rest" }, call.method === "GET" ? 301 : 307, { location });
  };
  kit.before("*", "/repos/:owner/:repo", redirect);
  kit.before("*", "/repos/:owner/:repo/:rest*", redirect);

  kit.payload("repository", (payload) => payload.action !== "edited" || payload.changes !== undefined);
  kit.before("PATCH", "/repos/:owner/:repo", (call) => { call.was = { ...kit.repo(call) }; });
  kit.after("PATCH", "/repos/:owner/:repo", async (call, { status }) => {
    if (status !== 200) return;
    const { was } = call, is = kit.gh.repos.get(was.id), actor = kit.actor(call.grant);
    if (is.full_name !== was.full_name) { moved.set(was.full_name, is.id); await kit.send("repository", "renamed", { changes: { repository: { name: { from: was.name } } } }, is, actor); }
    if (is.private !== was.private) await kit.send("repository", is.private ? "privatized" : "publicized", {}, is, actor);
    if (is.archived !== was.archived) await kit.send("repository", is.archived ? "archived" : "unarchived", {}, is, actor);
  });
}

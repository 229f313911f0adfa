// What happens to an installation of the app: made, suspended, deleted, repositories added and removed.
// OURS, the emulator tells no such event.
// Source: recorded payloads of @octokit/webhooks-examples, `installation` and `installation_repositories`.
import { json, now, problem } from "../kit.mjs";

export function correct(kit) {
  const { gh } = kit;
  const brief = (r) => ({ id: r.id, node_id: r.node_id, name: r.name, full_name: r.full_name, private: r.private });
  const find = (id) => gh.appInstallations.all().find((i) => i.installation_id === +id);
  const owned = (i) => gh.repos.all().filter((r) => r.owner_id === i.account_id && r.owner_type === i.account_type);
  const revoke = (i) => { for (const [token, grant] of kit.tokenMap) if (grant.installation?.installationId === i.installation_id) kit.tokenMap.delete(token); };

  async function shaped(i) {
    const account = await kit.get(i.account_type === "Organization" ? `/orgs/${i.account_login}` : `/users/${i.account_login}`);
    const url = `${kit.baseUrl}/app/installations/${i.installation_id}`;
    return { id: i.installation_id, account, repository_selection: i.repository_selection, access_tokens_url: `${url}/access_tokens`, repositories_url: `${kit.baseUrl}/installation/repositories`, html_url: url, app_id: i.app_id, app_slug: gh.apps.all().find((a) => a.app_id === i.app_id).slug, target_id: i.account_id, target_type: i.account_type, permissions: i.permissions, events: i.events, created_at: i.created_at, updated_at: i.updated_at, single_file_name: null, suspended_by: null, suspended_at: i.suspended_at ?? null };
  }
  const sender = (login) => kit.userJson(gh.users.findOneBy("login", login ?? "owner"));

  // {as: who does it}
  kit.route("POST", "/_ctl/installations/:id/:action", async (call) => {
    const installation = find(call.params.id), { action } = call.params;
    if (!installation || !["created", "deleted", "suspend", "unsuspend", "added", "removed"].includes(action)) return problem(404, "Not Found");
    if (action === "suspend") gh.appInstallations.update(installation.id, { suspended_at: now() });
    if (action === "unsuspend") gh.appInstallations.update(installation.id, { suspended_at: null });
    if (action === "added" || action === "removed") {
      const named = owned(installation).filter((r) => (call.body?.repositories ?? []).includes(r.full_name)), ids = new Set(named.map((r) => r.id));
      const had = installation.repository_selection === "all" ? owned(installation).map((r) => r.id) : installation.repository_ids;
      gh.appInstallations.update(installation.id, { repository_selection: "selected", repository_ids: action === "removed" ? had.filter((id) => !ids.has(id)) : [...new Set([...had, ...ids])] });
      revoke(installation);
      await kit.deliver("installation_repositories", { action, installation: await shaped(find(call.params.id)), repository_selection: "selected", repositories_added: action === "added" ? named.map(brief) : [], repositories_removed: action === "removed" ? named.map(brief) : [], requester: null, sender: await sender(call.body?.as) });
      return json({}, 201);
    }
    const told = { action, installation: await shaped(find(call.params.id)), repositories: owned(installation).map(brief), requester: null, sender: await sender(call.body?.as) };
    if (action === "deleted") { revoke(installation); gh.appInstallations.delete(installation.id); }
    await kit.deliver("installation", told);
    return json({}, 201);
  });
}

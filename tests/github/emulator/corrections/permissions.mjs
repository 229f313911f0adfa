// Who may do what: roles of people, permissions of an app's token, private repositories that are not there for strangers.
// OURS, not the emulator's, which lets everybody label issues and write checks.
// Source: GitHub Docs "Repository roles for an organization"; GitHub REST "Collaborators".
import { json, nodeId, problem } from "../kit.mjs";

const RANK = ["none", "read", "triage", "write", "maintain", "admin"];
const NAME = { pull: "read", push: "write" };

// What a person needs for a request; `author` also lets the thing's author do it.
const NEEDS = [
  ["POST", /^\/repos\/[^/]+\/[^/]+\/issues\/\d+\/labels$/, "triage"],
  ["PUT", /^\/repos\/[^/]+\/[^/]+\/issues\/\d+\/labels$/, "triage"],
  ["DELETE", /^\/repos\/[^/]+\/[^/]+\/issues\/\d+\/labels/, "triage"],
  ["POST", /^\/repos\/[^/]+\/[^/]+\/labels$/, "write"],
  ["PATCH", /^\/repos\/[^/]+\/[^/]+\/labels\//, "write"],
  ["DELETE", /^\/repos\/[^/]+\/[^/]+\/labels\//, "write"],
  ["PATCH", /^\/repos\/[^/]+\/[^/]+\/(issues|pulls)\/\d+$/, "triage", "author"],
  ["PATCH", /^\/repos\/[^/]+\/[^/]+\/(issues|pulls)\/comments\/\d+$/, "write", "author"],
  ["DELETE", /^\/repos\/[^/]+\/[^/]+\/(issues|pulls)\/comments\/\d+$/, "write", "author"],
  ["PUT", /^\/repos\/[^/]+\/[^/]+\/pulls\/\d+\/merge$/, "write"],
  ["POST", /^\/repos\/[^/]+\/[^/]+\/pulls\/\d+\/requested_reviewers$/, "write", "author"],
  ["POST", /^\/repos\/[^/]+\/[^/]+\/check-(runs|suites)\/\d+\/rerequest$/, "write"],
  ["GET", /^\/repos\/[^/]+\/[^/]+\/collaborators\/[^/]+\/permission$/, "write"],
];

export function correct(kit) {
  const { gh } = kit;

  // Roles of the seed, which the emulator's own seed cannot say.
  kit.onReset(() => {
    for (const { repository, login, permission } of kit.seed.collaborators ?? []) {
      const repo = gh.repos.findOneBy("full_name", repository), user = gh.users.findOneBy("login", login);
      if (repo && user) gh.collaborators.insert({ repo_id: repo.id, user_id: user.id, permission });
    }
  });

  // The role of a person in a repository.
  kit.role = (repo, user) => {
    if (!user) return repo.private ? "none" : "read";
    if (repo.owner_type === "User" && repo.owner_id === user.id) return "admin";
    if (repo.owner_type === "Organization") {
      const member = gh.teamMembers.findBy("user_id", user.id).find((m) => gh.teams.get(m.team_id)?.org_id === repo.owner_id);
      if (member?.role === "maintainer") return "admin";
    }
    const row = gh.collaborators.findBy("repo_id", repo.id).find((c) => c.user_id === user.id);
    if (row) return NAME[row.permission] ?? row.permission;
    return repo.private ? "none" : "read";
  };
  kit.atLeast = (repo, user, role) => RANK.indexOf(kit.role(repo, user)) >= RANK.indexOf(role);

  function isAuthor(call, repo, user) {
    const [, kind, , id] = /\/(issues|pulls)(\/comments)?\/(\d+)/.exec(call.path);
    const row = /\/comments\//.test(call.path) ? gh.comments.get(+id) : kind === "pulls" ? kit.pull(repo, id) : kit.issue(repo, id);
    return row?.user_id === user.id;
  }

  const covers = (grant, repo) => repo.owner_id === grant.accountId && repo.owner_type === grant.accountType && (grant.repositorySelection === "all" || grant.repositoryIds.includes(repo.id));

  kit.before("*", "/repos/:owner/:repo", visible);
  kit.before("*", "/repos/:owner/:repo/:rest*", visible);
  function visible(call) {
    const repo = kit.repo(call);
    if (!repo || call.token.startsWith("eyJ")) return undefined;
    const grant = call.grant?.installation;
    if (grant) return repo.private && !covers(grant, repo) ? problem(404, "Not Found") : undefined;
    const user = kit.actor(call.grant);
    if (kit.role(repo, user) === "none") return problem(404, "Not Found");
    if (user && repo.archived && call.method !== "GET" && call.path !== `/repos/${repo.full_name}`) return problem(403, "Repository was archived so is read-only.");
    return undefined;
  }

  kit.before("*", "/repos/:owner/:repo/:rest*", (call) => {
    const repo = kit.repo(call), user = kit.actor(call.grant);
    if (!repo || call.grant?.installation) return undefined;
    if (!user) return call.method === "GET" ? undefined : problem(401, "Requires authentication");
    if (call.method !== "GET" && /^\/repos\/[^/]+\/[^/]+\/check-(runs|suites)(\/\d+)?$/.test(call.path)) return problem(403, "You must authenticate via a GitHub App.");
    const need = NEEDS.find(([method, regex]) => method === call.method && regex.test(call.path));
    if (!need || kit.atLeast(repo, user, need[2]) || (need[3] && isAuthor(call, repo, user))) return undefined;
    if (call.method === "GET") return problem(403, "Must have push access to view collaborator permission.");
    return problem(403, "Must have admin rights to Repository.");
  });

  // Who may not label loses the labels, without a word.
  kit.before("POST", "/repos/:owner/:repo/issues", (call) => {
    const repo = kit.repo(call), user = kit.actor(call.grant);
    if (repo && user && !call.grant.installation && call.body?.labels && !kit.atLeast(repo, user, "triage")) call.body = { ...call.body, labels: [], assignees: [] };
  });

  const forbidden = (call, result) => {
    if (result.status !== 403 || result.data?.message !== "Forbidden") return;
    const message = call.grant?.installation ? "Resource not accessible by integration" : "Resource not accessible by personal access token";
    Object.assign(result, problem(403, message), { headers: result.headers });
  };
  kit.after("*", "/:rest*", forbidden);

  kit.route("GET", "/repos/:owner/:repo/collaborators/:login", (call) => {
    const repo = kit.repo(call), user = gh.users.findOneBy("login", call.params.login);
    const known = repo && user && (kit.role(repo, user) === "admin" || gh.collaborators.findBy("repo_id", repo.id).some((c) => c.user_id === user.id));
    return known ? json(null, 204) : problem(404, "Not Found");
  });
  kit.route("GET", "/repos/:owner/:repo/collaborators/:login/permission", async (call) => {
    const repo = kit.repo(call), user = gh.users.findOneBy("login", call.params.login);
    if (!repo) return problem(404, "Not Found");
    if (!user || user.type === "Bot") return problem(404, `${call.params.login} is not a user`);
    const role = kit.role(repo, user);
    const permission = { maintain: "write", triage: "read" }[role] ?? role;
    const at = RANK.indexOf(role);
    const permissions = { pull: at >= 1, triage: at >= 2, push: at >= 3, maintain: at >= 4, admin: at >= 5 };
    return json({ permission, role_name: role, user: { ...(await kit.userJson(user)), node_id: user.node_id || nodeId("User", user.id), permissions, role_name: role } });
  });
}

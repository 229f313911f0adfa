// Tokens: unknown, expired and revoked ones are refused; those of an app's installation behave as GitHub's.
// OURS, not the emulator's, which takes every unknown token for the first seeded user.
// Source: GitHub REST "Apps"; GitHub Docs "Generating a JSON Web Token (JWT) for a GitHub App".
import { json, problem } from "../kit.mjs";

const TEN_MINUTES = 600;

function claims(token) {
  try { return JSON.parse(Buffer.from(token.split(".")[1], "base64url").toString()); } catch { return null; }
}

export function correct(kit) {
  kit.before("*", "/:rest*", (call) => {
    if (call.path.startsWith("/_ctl/") || !call.token) return undefined;
    if (call.token.startsWith("eyJ")) {
      const { exp, iat } = claims(call.token) ?? {};
      if (!exp) return problem(401, "A JSON web token could not be decoded");
      const seconds = Date.now() / 1000;
      if (exp > seconds + TEN_MINUTES + 5) return problem(401, "'Expiration time' claim ('exp') is too far in the future");
      if (iat > seconds + 5) return problem(401, "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued");
      return undefined;
    }
    if (!call.grant) return problem(401, "Bad credentials");
    const installation = call.grant.installation && kit.gh.appInstallations.all().find((i) => i.installation_id === call.grant.installation.installationId);
    return installation?.suspended_at ? problem(403, "This installation has been suspended") : undefined;
  });
  kit.before("POST", "/app/installations/:id/access_tokens", (call) => {
    const installation = kit.gh.appInstallations.all().find((i) => i.installation_id === +call.params.id);
    if (installation?.suspended_at) return problem(403, "This installation has been suspended");
    if (call.body?.permissions && !Object.keys(call.body.permissions).length) { const { permissions, ...rest } = call.body; call.body = rest; }
    return undefined;
  });
  kit.route("DELETE", "/installation/token", (call) => {
    if (!call.grant?.installation) return problem(403, "Resource not accessible by personal access token");
    kit.tokenMap.delete(call.token);
    return json(null, 204);
  });
  kit.route("GET", "/installation/repositories", async (call) => {
    const grant = call.grant?.installation;
    if (!grant) return problem(403, "You must authenticate with an installation access token in order to list repositories for an installation.");
    const mine = kit.gh.repos.all().filter((r) => r.owner_id === grant.accountId && r.owner_type === grant.accountType && (grant.repositorySelection === "all" || grant.repositoryIds.includes(r.id)));
    const repositories = await Promise.all(mine.map((r) => kit.get(`/repos/${r.full_name}`)));
    return json({ total_count: repositories.length, repository_selection: grant.repositorySelection, repositories });
  });
  kit.route("POST", "/_ctl/expire-tokens", () => {
    const expired = [...kit.tokenMap].filter(([, grant]) => grant.installation).map(([token]) => token);
    for (const token of expired) kit.tokenMap.delete(token);
    return json({ expired: expired.length });
  });
}

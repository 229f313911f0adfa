// GitHub's primary rate limit: counted anew after each reset, told in all headers, and settable by tests.
// OURS, not the emulator's, whose counters outlive a reset.
// Source: GitHub Docs "Rate limits for the REST API".
import { json, problem } from "../kit.mjs";

export function correct(kit) {
  const at = kit.app.middleware.findIndex(({ handlers }) => handlers.some((h) => String(h).includes("X-RateLimit-Remaining")));
  if (at < 0) throw new Error("the emulator's rate limit is not where it was");
  kit.app.middleware.splice(at, 1);

  let used, limit, resetAt;
  kit.onReset(() => { used = new Map(); limit = 5000; resetAt = Math.floor(Date.now() / 1000) + 3600; });
  const bucket = (call) => (call.grant?.installation ? `installation ${call.grant.installation.installationId}` : call.token || "anonymous");
  const left = (call) => Math.max(0, limit - (used.get(bucket(call)) ?? 0));

  kit.limitHeaders = (call) => ({ "x-ratelimit-limit": String(limit), "x-ratelimit-remaining": String(left(call)), "x-ratelimit-used": String(used.get(bucket(call)) ?? 0), "x-ratelimit-reset": String(resetAt), "x-ratelimit-resource": "core" });
  kit.before("*", "/:rest*", (call) => {
    if (call.path.startsWith("/_ctl/") || call.path === "/rate_limit") return undefined;
    if (left(call) === 0) return problem(403, `API rate limit exceeded for ${bucket(call)}.`);
    used.set(bucket(call), (used.get(bucket(call)) ?? 0) + 1);
    return undefined;
  });
  kit.route("GET", "/rate_limit", (call) => {
    const core = { limit, used: limit - left(call), remaining: left(call), reset: resetAt };
    return json({ resources: { core, search: { limit: 30, used: 0, remaining: 30, reset: resetAt }, graphql: { limit: 5000, used: 0, remaining: 5000, reset: resetAt } }, rate: core });
  });
  kit.route("POST", "/_ctl/limit", ({ body }) => { ({ limit = limit, reset_at: resetAt = resetAt } = body); used.clear(); return json({ limit, reset_at: resetAt }); });
}

// GraphQL, for what REST has not: threads of a pull request, answers in them, resolving them, drafts.
// OURS, the emulator has none. Documents are checked and run against GitHub's own schema.
// Source: @octokit/graphql-schema; GitHub GraphQL "Mutations".
import { readFileSync } from "node:fs";
import { json, problem } from "../kit.mjs";

class Refused extends Error { constructor(type, message) { super(message); this.type = type; } }

export function correct(kit) {
  const { gh } = kit;
  let engine;
  const load = async () => {
    const { buildSchema, graphql } = await import("graphql");
    const text = readFileSync(new URL("../node_modules/@octokit/graphql-schema/schema.graphql", import.meta.url), "utf8");
    return { graphql, schema: buildSchema(text, { assumeValid: true, noLocation: true }) };
  };

  const connection = (list, { first, last, after, before } = {}) => {
    if (first == null && last == null) throw new Refused("MISSING_PAGINATION_BOUNDARIES", "You must provide a `first` or `last` value to properly paginate the connection.");
    if ((first ?? last) > 100) throw new Refused("EXCESSIVE_PAGINATION", `Requesting ${first ?? last} records on the connection exceeds the \`first\` limit of 100 records.`);
    const cursor = (i) => Buffer.from(`cursor:${i}`).toString("base64"), index = (c) => +Buffer.from(c, "base64").toString().split(":")[1];
    let from = after ? index(after) + 1 : 0, to = before ? index(before) : list.length;
    if (first != null) to = Math.min(to, from + first);
    if (last != null) from = Math.max(from, to - last);
    const nodes = list.slice(from, to);
    return { nodes, edges: nodes.map((node, i) => ({ node, cursor: cursor(from + i) })), totalCount: list.length, pageInfo: { startCursor: nodes.length ? cursor(from) : null, endCursor: nodes.length ? cursor(to - 1) : null, hasNextPage: to < list.length, hasPreviousPage: from > 0 } };
  };
  // GraphQL names an app's bot without "[bot]".
  const actorOf = (id) => { const u = gh.users.get(id); return u && { __typename: u.type === "Bot" ? "Bot" : "User", id: u.node_id, databaseId: u.id, login: u.login.replace(/\[bot\]$/, ""), url: `${kit.baseUrl}/${u.login}`, resourcePath: `/${u.login}` }; };
  const repoOf = (r) => r && { __typename: "Repository", id: r.node_id, databaseId: r.id, name: r.name, nameWithOwner: r.full_name, isPrivate: r.private, isArchived: r.archived, defaultBranchRef: { name: r.default_branch }, pullRequest: ({ number }) => pullOf(r, number), pullRequests: (args) => connection(gh.pullRequests.findBy("repo_id", r.id).map((p) => pullOf(r, p.number)), args) };
  const reviewOf = (v) => v && { __typename: "PullRequestReview", id: v.node_id, databaseId: v.id, fullDatabaseId: String(v.id), state: v.state, body: v.body ?? "", author: actorOf(v.user_id), submittedAt: v.submitted_at, commit: { oid: v.commit_id } };
  const commentOf = (c, repo, pull) => ({ __typename: "PullRequestReviewComment", id: c.node_id, databaseId: c.id, fullDatabaseId: String(c.id), body: c.body, bodyText: c.body, path: c.path, line: kit.lineNow(repo, pull, c), originalLine: c.line, author: actorOf(c.user_id), createdAt: c.created_at, updatedAt: c.updated_at, url: `${kit.baseUrl}/${repo.full_name}/pull/${pull.number}#discussion_r${c.id}`, isMinimized: false, outdated: kit.lineNow(repo, pull, c) === null, pullRequestReview: reviewOf(gh.reviews.get(c.review_id)), replyTo: c.in_reply_to_id ? { id: gh.comments.get(c.in_reply_to_id).node_id, databaseId: c.in_reply_to_id } : null });
  const threadOf = (t) => ({ __typename: "PullRequestReviewThread", id: t.id, path: t.root.path, line: kit.lineNow(t.repo, t.pull, t.root), originalLine: t.root.line, diffSide: "RIGHT", subjectType: "LINE", isResolved: !!kit.resolver(t), isOutdated: kit.lineNow(t.repo, t.pull, t.root) === null, isCollapsed: !!kit.resolver(t), resolvedBy: kit.resolver(t) ? actorOf(kit.resolver(t).id) : null, viewerCanReply: true, viewerCanResolve: !kit.resolver(t), viewerCanUnresolve: !!kit.resolver(t), pullRequest: () => pullOf(t.repo, t.pull.number), comments: (args) => connection(t.rows.map((c) => commentOf(c, t.repo, t.pull)), args) });
  const pullOf = (r, number) => {
    const p = kit.pull(r, number);
    if (!p) throw new Refused("NOT_FOUND", `Could not resolve to a PullRequest with the number of ${number}.`);
    return { __typename: "PullRequest", id: p.node_id, databaseId: p.id, number: p.number, title: p.title, body: p.body ?? "", isDraft: p.draft, state: p.merged ? "MERGED" : p.state.toUpperCase(), merged: p.merged, closed: p.state === "closed", headRefName: p.head_ref, headRefOid: p.head_sha, baseRefName: p.base_ref, author: actorOf(p.user_id), url: `${kit.baseUrl}/${r.full_name}/pull/${p.number}`, reviewThreads: (args) => connection(kit.threadsOf(r, p).map(threadOf), args), reviews: (args) => connection(gh.reviews.findBy("repo_id", r.id).filter((v) => v.pull_number === p.number).map(reviewOf), args) };
  };

  // Whom the caller's token lets see a repository, and change its pull requests.
  function gate(call, repo, write) {
    const grant = call.grant.installation;
    const sees = grant ? !repo.private || (repo.owner_id === grant.accountId && (grant.repositorySelection === "all" || grant.repositoryIds.includes(repo.id))) : kit.role(repo, kit.actor(call.grant)) !== "none";
    if (!sees) throw new Refused("NOT_FOUND", `Could not resolve to a Repository with the name '${repo.full_name}'.`);
    if (write && grant && grant.permissions.pull_requests !== "write") throw new Refused("FORBIDDEN", "Resource not accessible by integration");
  }
  const threadBy = (call, id, write) => { const t = kit.thread(id); if (!t) throw new Refused("NOT_FOUND", `Could not resolve to a node with the global id of '${id}'`); gate(call, t.repo, write); return t; };
  function mayResolve(call, t) {
    const actor = kit.actor(call.grant);
    if (!call.grant.installation && !kit.atLeast(t.repo, actor, "write") && t.pull.user_id !== actor.id) throw new Refused("FORBIDDEN", `${actor.login} does not have the correct permissions to execute \`ResolveReviewThread\``);
  }
  const draft = (call, name, value) => ({ input }) => {
    const p = gh.pullRequests.all().find((x) => x.node_id === input.pullRequestId);
    if (!p) throw new Refused("NOT_FOUND", `Could not resolve to a node with the global id of '${input.pullRequestId}'`);
    const repo = gh.repos.get(p.repo_id);
    gate(call, repo, true);
    gh.pullRequests.update(p.id, { draft: value });
    kit.pullJson(repo, p.number).then((pull_request) => kit.send("pull_request", value ? "converted_to_draft" : "ready_for_review", { pull_request }, repo, kit.actor(call.grant)));
    return { clientMutationId: input.clientMutationId, pullRequest: pullOf(repo, p.number) };
  };

  const root = (call) => ({
    viewer: () => actorOf(kit.actor(call.grant).id),
    repository: ({ owner, name }) => { const r = gh.repos.findOneBy("full_name", `${owner}/${name}`); if (!r) throw new Refused("NOT_FOUND", `Could not resolve to a Repository with the name '${owner}/${name}'.`); gate(call, r, false); return repoOf(r); },
    node: ({ id }) => {
      const t = kit.thread(id), p = gh.pullRequests.all().find((x) => x.node_id === id), r = gh.repos.all().find((x) => x.node_id === id);
      const repo = t?.repo ?? (p && gh.repos.get(p.repo_id)) ?? r;
      if (!repo) throw new Refused("NOT_FOUND", `Could not resolve to a node with the global id of '${id}'`);
      gate(call, repo, false);
      return t ? threadOf(t) : p ? pullOf(repo, p.number) : repoOf(r);
    },
    addPullRequestReviewThreadReply: async ({ input }) => {
      const t = threadBy(call, input.pullRequestReviewThreadId, true);
      if (!input.body.trim()) throw new Refused("UNPROCESSABLE", "Body can't be blank");
      const row = await kit.addReply(t.repo, t.pull, kit.actor(call.grant), t.root, input.body);
      return { clientMutationId: input.clientMutationId, comment: commentOf(row, t.repo, t.pull) };
    },
    resolveReviewThread: async ({ input }) => { const t = threadBy(call, input.threadId, true); mayResolve(call, t); await kit.settle(t, kit.actor(call.grant), true); return { clientMutationId: input.clientMutationId, thread: threadOf(t) }; },
    unresolveReviewThread: async ({ input }) => { const t = threadBy(call, input.threadId, true); mayResolve(call, t); await kit.settle(t, kit.actor(call.grant), false); return { clientMutationId: input.clientMutationId, thread: threadOf(t) }; },
    minimizeComment: ({ input }) => {
      const c = gh.comments.all().find((x) => x.node_id === input.subjectId);
      if (!c) throw new Refused("NOT_FOUND", `Could not resolve to a node with the global id of '${input.subjectId}'`);
      gate(call, gh.repos.get(c.repo_id), true);
      gh.comments.update(c.id, { minimized: input.classifier });
      return { clientMutationId: input.clientMutationId, minimizedComment: { __typename: "IssueComment", isMinimized: true, minimizedReason: input.classifier.toLowerCase() } };
    },
    markPullRequestReadyForReview: draft(call, "markPullRequestReadyForReview", false),
    convertPullRequestToDraft: draft(call, "convertPullRequestToDraft", true),
  });

  // A field that nobody wrote an answer for is a gap of this file, and must not look like GitHub's null.
  const fieldOf = (source, args, context, info) => {
    const value = source?.[info.fieldName];
    if (typeof value === "function") return value(args);
    if (value === undefined && info.fieldName === "clientMutationId") return null;
    if (value === undefined) throw new Refused("NOT_EMULATED", `${info.parentType.name}.${info.fieldName} is not emulated: add it in corrections/graphql.mjs`);
    return value;
  };
  kit.route("POST", "/graphql", async (call) => {
    if (!call.grant) return problem(401, "This endpoint requires you to be authenticated.");
    engine ??= load();
    const { graphql, schema } = await engine;
    const { query, variables, operationName } = call.body ?? {};
    if (typeof query !== "string") return json({ errors: [{ message: "A query attribute must be specified and must be a string." }] }, 400);
    const { data, errors } = await graphql({ schema, source: query, rootValue: root(call), variableValues: variables, operationName, fieldResolver: fieldOf });
    const told = errors?.map((e) => ({ ...(e.originalError?.type ? { type: e.originalError.type } : {}), ...(e.path ? { path: e.path } : {}), locations: e.locations, message: e.message }));
    return json({ ...(data === undefined ? {} : { data }), ...(told ? { errors: told } : {}) });
  });
}

// Writes what requests are held against: GitHub's OpenAPI description without answers, examples and prose.
// usage: node slim.mjs       from node_modules/@octokit/openapi to node_modules/requests.json
import { readFileSync, renameSync, writeFileSync } from "node:fs";

const packages = new URL("./node_modules/", import.meta.url);
const whole = JSON.parse(readFileSync(new URL("@octokit/openapi/generated/api.github.com.json", packages), "utf8"));
const KEPT = ["operationId", "parameters", "requestBody"];
const PROSE = new Set(["description", "example", "examples", "externalDocs", "summary", "x-github", "title"]);

// A property may be called `description` as well: prose is text or a list, a schema is an object.
const bare = (value) => (Array.isArray(value) ? value.map(bare) : value === null || typeof value !== "object" ? value : Object.fromEntries(Object.entries(value).filter(([key, v]) => !(PROSE.has(key) && (typeof v === "string" || key.startsWith("example")) && !("type" in Object(v)))).map(([key, v]) => [key, bare(v)])));

const paths = {};
for (const [path, operations] of Object.entries(whole.paths)) paths[path] = Object.fromEntries(Object.entries(operations).map(([method, operation]) => [method, bare(Object.fromEntries(KEPT.filter((k) => k in operation).map((k) => [k, operation[k]])))]));
const components = {}, todo = [JSON.stringify(paths)];
while (todo.length) {
  for (const [, kind, name] of todo.pop().matchAll(/"#\/components\/(\w+)\/([^"]+)"/g)) {
    if (components[kind]?.[name]) continue;
    (components[kind] ??= {})[name] = bare(whole.components[kind][name]);
    todo.push(JSON.stringify(components[kind][name]));
  }
}
const target = new URL("requests.json", packages), part = new URL("requests.json.part", packages);
writeFileSync(part, JSON.stringify({ info: { version: whole.info.version }, paths, components }));
renameSync(part, target);

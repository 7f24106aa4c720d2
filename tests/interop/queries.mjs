// Queries as boards on Node read them: with what Node brings, with each generation of qs
// and its options, and with Express. A JSON list of queries comes in on standard input;
// an object goes out: each reader's name, with what it made of each query.
import { readdirSync, readFileSync } from "node:fs";
import { IncomingMessage, ServerResponse } from "node:http";
import { createRequire } from "node:module";
import express4 from "express-4";
import express5 from "express-5";

const load = createRequire(import.meta.url);
const packages = readdirSync(new URL("../node_modules", import.meta.url));

// The handler of a real app, asked without a socket.
function inExpress(express, parser) {
  const app = express();
  const read = new Map();
  app.set("query parser", parser);
  app.use((request) => read.set(request.url, request.query));
  return (query) => {
    const request = new IncomingMessage(null);
    const url = `/?${query}`;
    app(Object.assign(request, { method: "GET", url }), new ServerResponse(request));
    if (!read.has(url)) throw new Error(`Express did not answer ${url}`);
    return read.get(url);
  };
}

const readers = {
  URLSearchParams: (query) => {
    const params = new URLSearchParams(query);
    return Object.fromEntries([...params.keys()].map((k) => [k, params.getAll(k)]));
  },
  "Express 4, simple": inExpress(express4, "simple"),
  "Express 4, extended": inExpress(express4, "extended"),
  "Express 5, simple": inExpress(express5, "simple"),
  "Express 5, extended": inExpress(express5, "extended"),
};
for (const name of packages.filter((name) => name.startsWith("qs-"))) {
  const qs = load(name);
  // Express' own choice, which keeps names such as "__proto__" and "toString".
  const options = { allowPrototypes: true };
  const parse = (more) => (query) => qs.parse(query, { ...options, ...more });
  readers[`Express 5, ${name}`] = inExpress(express5, parse({}));
  readers[`${name} at dots`] = parse({ allowDots: true });
  readers[`${name} at semicolons`] = parse({ delimiter: /[&;]/ });
}

const queries = JSON.parse(readFileSync(0, "utf8"));
const read = Object.entries(readers).map(([name, reader]) => [name, queries.map(reader)]);
process.stdout.write(JSON.stringify(Object.fromEntries(read)));

// How boards on Node read a query. A JSON list of queries comes in on standard input; for
// each a list goes out of what each parser reads as the token.
import { readFileSync } from "node:fs";
import qs from "qs";

const NAME = "ssoToken";

// What a parser made of the name, flattened: lists and objects count by each member.
function flat(value) {
  if (value === undefined) return [];
  if (typeof value === "object") return Object.values(value).flatMap(flat);
  return [value];
}

// As Rack 2.2 and older Pythons split, and as Rack names members of lists.
function atSemicolons(query) {
  return query.split(/[&;]/).flatMap((pair) => {
    const [[name, value]] = [...new URLSearchParams(pair)].concat([["", ""]]);
    const read = name.trim().split(/[[\0]/)[0].trim().toLowerCase();
    return read === NAME.toLowerCase() ? [value] : [];
  });
}

const READERS = {
  qs: (query) => flat(qs.parse(query)[NAME]),
  "qs at semicolons": (query) => flat(qs.parse(query, { delimiter: /[&;]/ })[NAME]),
  URLSearchParams: (query) => new URLSearchParams(query).getAll(NAME),
  "a splitter at semicolons": atSemicolons,
};

const queries = JSON.parse(readFileSync(0, "utf8"));
const answers = queries.map((query) =>
  Object.fromEntries(Object.entries(READERS).map(([name, read]) => [name, read(query)])),
);
process.stdout.write(JSON.stringify(answers));

// How others read URLs: a browser (WHATWG's `new URL`, no base), and parsers of queries
// that a board on Node may have. A JSON list of texts comes in on standard input; a list
// of their parts goes out, `null` for what is not a URL.
import { readFileSync } from "node:fs";
import qs from "qs";

// What a parser made of the name, flattened: lists and objects count by each member.
function flat(value) {
  if (value === undefined) return [];
  return typeof value === "object" ? Object.values(value).flatMap(flat) : [value];
}

function parts(text) {
  if (!URL.canParse(text)) return null;
  const url = new URL(text);
  const query = url.search.slice(1);
  return {
    href: url.href,
    origin: url.origin,
    user: `${url.username}:${url.password}`,
    path: url.pathname,
    pairs: [...url.searchParams],
    fragment: url.hash,
    tokens: {
      URLSearchParams: url.searchParams.getAll("ssoToken"),
      qs: flat(qs.parse(query).ssoToken),
      "qs at dots": flat(qs.parse(query, { allowDots: true }).ssoToken),
      "qs at semicolons": flat(qs.parse(query, { delimiter: /[&;]/ }).ssoToken),
    },
  };
}

const texts = JSON.parse(readFileSync(0, "utf8"));
process.stdout.write(JSON.stringify(texts.map(parts)));

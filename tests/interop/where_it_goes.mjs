// How a browser reads URLs: WHATWG's `new URL`, without a base. A JSON list of texts comes
// in on standard input; a list of their parts goes out, `null` for what is not a URL.
import { readFileSync } from "node:fs";

function parts(text) {
  if (!URL.canParse(text)) return null;
  const url = new URL(text);
  return {
    origin: url.origin,
    user: `${url.username}:${url.password}`,
    path: url.pathname,
    pairs: [...url.searchParams],
    fragment: url.hash,
  };
}

const texts = JSON.parse(readFileSync(0, "utf8"));
process.stdout.write(JSON.stringify(texts.map(parts)));

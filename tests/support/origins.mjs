// The origins at which a browser ends up: [base, URLs] in, origins out (WHATWG URL).
import { readFileSync } from "node:fs";

const [base, urls] = JSON.parse(readFileSync(0, "utf8"));
const origins = urls.map((url) => {
  try {
    return new URL(url, base).origin;
  } catch {
    return null;
  }
});
process.stdout.write(JSON.stringify(origins));

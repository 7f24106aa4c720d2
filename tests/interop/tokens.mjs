// Reads our tokens with the vendor's library and with another, and signs the vendor's.
//
// In: {read: [{token, secret, at, maxAge}], sign: [{email, name, secret, options}]}; `at`
// and `maxAge` are in seconds and may be left out, as may `options`.
// Out: {read: [{jsonwebtoken, jose}], sign: [token]}. A reading is {header, claims}, with
// each text as its code points, or {refused: why}.
import { readFileSync } from "node:fs";
import { jwtVerify } from "jose";
import jwt from "jsonwebtoken";
import uuidv4 from "uuidv4";

// Texts as lists of code points and objects as lists of pairs, so that nothing on the
// way back can fold, normalise or reorder them.
function spell(value) {
  if (typeof value === "string") {
    return { text: Array.from(value, (character) => character.codePointAt(0)) };
  }
  if (Array.isArray(value)) return value.map(spell);
  if (value !== null && typeof value === "object") {
    const pairs = Object.entries(value);
    return { pairs: pairs.map(([key, member]) => [spell(key), spell(member)]) };
  }
  return value;
}

async function reading(read) {
  try {
    const { header, payload } = await read();
    return { header, claims: spell(payload) };
  } catch (error) {
    return { refused: error.code ?? error.message };
  }
}

function withJsonwebtoken({ token, secret, at, maxAge }) {
  const options = { algorithms: ["HS256"], complete: true };
  if (at !== undefined) options.clockTimestamp = at;
  if (maxAge !== undefined) options.maxAge = maxAge;
  return reading(async () => jwt.verify(token, secret, options));
}

function withJose({ token, secret, at, maxAge }) {
  const options = { algorithms: ["HS256"] };
  if (at !== undefined) options.currentDate = new Date(at * 1000);
  if (maxAge !== undefined) options.maxTokenAge = maxAge;
  return reading(async () => {
    const key = new TextEncoder().encode(secret);
    const { protectedHeader, payload } = await jwtVerify(token, key, options);
    return { header: protectedHeader, payload };
  });
}

// As the vendor's article does it; jsonwebtoken adds `iat` by itself.
function vendorToken({ email, name, secret, options }) {
  const userData = { email, name, jti: uuidv4.uuid() };
  return jwt.sign(userData, secret, { algorithm: "HS256", ...options });
}

const input = JSON.parse(readFileSync(0, "utf8"));
const read = [];
for (const task of input.read ?? []) {
  read.push({ jsonwebtoken: await withJsonwebtoken(task), jose: await withJose(task) });
}
const sign = (input.sign ?? []).map(vendorToken);
process.stdout.write(JSON.stringify({ read, sign }));

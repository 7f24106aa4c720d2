// Reads our tokens with the vendor's library and with another, and signs as its article.
// In: {read: [{token, secret, at, maxAge}], sign: [{email, name, secret}]}; `at` and
// `maxAge`, in seconds, may be left out. Out: {read: [{jsonwebtoken, jose}], sign:
// [token]}; a reading is {header, claims}, or {refused: why}.
import { readFileSync } from "node:fs";
import { jwtVerify } from "jose";
import jwt from "jsonwebtoken";
import uuidv4 from "uuidv4";

const algorithms = ["HS256"];

async function jsonwebtoken({ token, secret, at, maxAge }) {
  const options = { algorithms, complete: true, clockTimestamp: at, maxAge };
  return jwt.verify(token, secret, options);
}

async function jose({ token, secret, at, maxAge }) {
  const key = new TextEncoder().encode(secret);
  const currentDate = at === undefined ? new Date() : new Date(at * 1000);
  const options = { algorithms, currentDate, maxTokenAge: maxAge };
  const { protectedHeader, payload } = await jwtVerify(token, key, options);
  return { header: protectedHeader, payload };
}

const reading = (read) =>
  read.then(
    ({ header, payload }) => ({ header, claims: payload }),
    (error) => ({ refused: error.code ?? error.message }),
  );

// As the vendor's article does it; jsonwebtoken adds `iat` by itself.
function vendorToken({ email, name, secret }) {
  const userData = { email, name, jti: uuidv4.uuid() };
  return jwt.sign(userData, secret, { algorithm: "HS256" });
}

const input = JSON.parse(readFileSync(0, "utf8"));
const read = [];
for (const task of input.read ?? []) {
  const readings = [jsonwebtoken(task), jose(task)].map(reading);
  read.push({ jsonwebtoken: await readings[0], jose: await readings[1] });
}
process.stdout.write(JSON.stringify({ read, sign: input.sign?.map(vendorToken) }));

// fetch in Node: fetch.mjs [TEXT [FILE]]
import { createWriteStream } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { setTimeout } from "node:timers/promises";

const text = process.argv[2] ?? "নমস্কার, কেমন আছেন?";
const file = process.argv[3] ?? "hello.opus";
const url = (process.env.SVARA_URL ?? "http://127.0.0.1:8080") + "/v1/audio/speech";
const headers = { "Content-Type": "application/json" };
if (process.env.SVARA_API_KEY) headers.Authorization = `Bearer ${process.env.SVARA_API_KEY}`;
const body = JSON.stringify({ model: "svara-tts-v1", voice: "bn_female", input: text, response_format: "opus" });

// A full server says when to come back; a wrong request never gets better.
async function speak(tries = 3) {
    const response = await fetch(url, { method: "POST", headers, body });
    if (response.ok) return response;
    const seconds = Number(response.headers.get("retry-after"));
    if (tries > 1 && seconds > 0) {
        await setTimeout(seconds * 1000);
        return speak(tries - 1);
    }
    throw new Error(`${response.status}: ${(await response.json()).error.message}`);
}

const response = await speak();
await pipeline(Readable.fromWeb(response.body), createWriteStream(file));
console.log(file);

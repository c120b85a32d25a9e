// Vercel's Slack emulator on a free loopback port: the seed is the first line of standard input, and its end is the end.
import { createInterface } from "node:readline";
import { createEmulator } from "emulate";

const lines = createInterface({ input: process.stdin });
lines.once("line", async (seed) => {
  const emulator = await createEmulator({ service: "slack", hostname: "127.0.0.1", port: 0, seed: JSON.parse(seed) });
  process.stdout.write(`${new URL(emulator.url).port}\n`);
});
lines.once("close", () => process.exit());

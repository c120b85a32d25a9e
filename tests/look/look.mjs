// Draws golden messages as PNG: node look.mjs FOLDER NAME... (slack through slack-blocks-to-jsx, teams through adaptivecards).
// Needs `npm install` here and a Chromium; CHROMIUM names it if it is not called chromium.
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { createElement } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { Message } from "slack-blocks-to-jsx";

const here = dirname(new URL(import.meta.url).pathname);
const golden = join(here, "..", "golden");
const require = createRequire(import.meta.url);
const [folder, ...names] = process.argv.slice(2);
if (!folder || !names.length) throw new Error("usage: node look.mjs FOLDER NAME...  (NAME as in tests/golden/slack, without .json)");
mkdirSync(folder, { recursive: true });

const page = (head, body) => `<!doctype html><meta charset="utf-8">${head}<body style="margin:16px;width:640px;font-family:sans-serif">${body}`;

function slack(payload) {
  const style = readFileSync(require.resolve("slack-blocks-to-jsx/dist/style.css"), "utf8");
  const props = { blocks: payload.blocks, name: "aispend", logo: "", time: new Date(0), withoutWrapper: false };
  return page(`<style>${style}</style>`, renderToStaticMarkup(createElement(Message, props)));
}

function teams(payload) {
  const library = readFileSync(require.resolve("adaptivecards/dist/adaptivecards.min.js"), "utf8");
  const style = readFileSync(require.resolve("adaptivecards/dist/adaptivecards.css"), "utf8");
  const style_ = (backgroundColor) => ({ backgroundColor });
  const containerStyles = {
    default: style_("#ffffff"), emphasis: style_("#ebebeb"), good: style_("#92c353"), warning: style_("#f8a92b"), attention: style_("#c4314b"),
  };
  const config = { fontFamily: "Segoe UI, sans-serif", supportsInteractivity: true, spacing: { padding: 16 }, containerStyles };
  const script = `const card = new AdaptiveCards.AdaptiveCard(); card.hostConfig = new AdaptiveCards.HostConfig(${JSON.stringify(config)});
    card.parse(${JSON.stringify(payload).replaceAll("<", "\\u003c")}); document.body.append(card.render());`;
  return page(`<style>${style}</style>`, `<script>${library}</script><script>${script}</script>`);
}

for (const [platform, draw] of Object.entries({ slack, teams })) {
  for (const name of names) {
    const html = resolve(folder, `${platform}-${name}.html`);
    writeFileSync(html, draw(JSON.parse(readFileSync(join(golden, platform, `${name}.json`), "utf8"))));
    const picture = html.replace(/html$/, "png");
    const options = ["--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--window-size=680,1300"];
    execFileSync(process.env.CHROMIUM ?? "chromium", [...options, `--screenshot=${picture}`, `file://${html}`], { stdio: "ignore" });
    console.log(picture);
  }
}

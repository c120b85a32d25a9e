// A person in the Microsoft 365 Agents Playground: each line of standard input is something to do, each is answered by a line;
// its end is the end. Arguments: the folder of the operator with playwright-core, the browser, the Playground's address.
import { createRequire } from "node:module";
import { join } from "node:path";
import { createInterface } from "node:readline";

const [folder, executablePath, address] = process.argv.slice(2);
const { chromium } = createRequire(join(folder, "package.json"))("playwright-core");
const browser = await chromium.launch({ executablePath });
const page = await browser.newPage({ viewport: { width: 1400, height: 1400 }, locale: "en-US", timezoneId: "UTC" });
page.setDefaultTimeout(10_000);
await page.route((url) => url.hostname !== new URL(address).hostname, (route) => route.abort()); // it asks for a font
await page.goto(address);
await page.getByText("conversationUpdate 200").waitFor(); // what is typed before is lost
await page.getByRole("button", { name: "Hide log panel" }).click(); // it can be typed into as well

const cards = page.locator(".ac-adaptiveCard");
const person = {
  open: ({ chat }) => page.getByRole("treeitem", { name: chat }).click(),
  async say({ words, mentioned }) {
    const editor = page.getByRole("textbox").last();
    await editor.click();
    if (mentioned) {
      await page.keyboard.type("@");
      await page.getByRole("menuitem", { name: mentioned }).click();
    }
    await page.keyboard.type(mentioned ? ` ${words}` : words);
    await editor.getByText(words).waitFor();
    await page.getByRole("button", { name: /^(Send Message|Post)$/ }).click();
  },
  press: ({ button }) => cards.last().getByRole("button", { name: button, exact: true }).click(),
  async date({ label, day }) {
    await cards.last().getByRole("combobox", { name: label }).click();
    await page.getByRole("gridcell", { name: day, exact: true }).click();
  },
  async choose({ label, option }) {
    await cards.last().getByRole("combobox", { name: label }).click();
    await page.getByRole("option", { name: option }).click();
  },
  async see({ words, gone }) {
    await cards.last().filter({ hasText: words, hasNotText: gone }).waitFor();
    return cards.allInnerTexts();
  },
  async hear({ words }) {
    await page.getByText(words).last().waitFor();
  },
  bars: () => cards.last().getByRole("img", { name: /\d, [\d.]+$/ }).count(),
};

for await (const line of createInterface({ input: process.stdin })) {
  const { does, ...how } = JSON.parse(line);
  const answer = await Promise.resolve(person[does](how)).then(
    (found) => ({ found: found ?? null }),
    async (error) => (await page.screenshot({ path: "failed.png" }), { failed: error.message }),
  );
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
await browser.close();

// Opens an HTML report in headless Chromium and prints what happens as JSON: node check_html.mjs REPORT CHROMIUM SCREENSHOT
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const require = createRequire(`${process.env.AICODELINT_NODE_MODULES}/`);
const puppeteer = require("puppeteer-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf-8");
const [report, chromium, screenshot] = process.argv.slice(2);
const url = pathToFileURL(report).href;
const browser = await puppeteer.launch({ executablePath: chromium, headless: true, args: ["--no-sandbox", "--disable-gpu"] });
const said = [], requested = [], dialogs = [];

async function open(scheme, javascript = true) {
  const page = await browser.newPage();
  await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
  await page.setJavaScriptEnabled(javascript);
  await page.setViewport({ width: 1200, height: 1000 });
  page.on("console", message => said.push(message.text()));
  page.on("pageerror", error => said.push(String(error)));
  page.on("dialog", async dialog => { dialogs.push(dialog.message()); await dialog.dismiss(); });
  page.on("request", request => requested.push(request.url()));
  await page.goto(url, { waitUntil: "load" });
  return page;
}

const rows = page => page.$$eval("#files tbody tr", all => all.filter(row => !row.hidden).map(row => row.cells[0].textContent));
const page = await open("light");
const outcome = { rows: await rows(page) };
await page.click("#files thead th:nth-child(1) button");
outcome.descending = await rows(page);
await page.focus("#files thead th:nth-child(1) button");
await page.keyboard.press("Enter");
outcome.ascending = await rows(page);
outcome.sorted = await page.$eval("#files thead th:nth-child(1)", head => head.getAttribute("aria-sort"));
await page.type("#search", "wanted");
outcome.filtered = await rows(page);
outcome.shown = await page.$eval("#shown", element => element.textContent);
await page.$eval("#search", element => { element.value = ""; element.dispatchEvent(new Event("input")); });
await page.select("#status", "human");
outcome.human = await rows(page);
await page.select("#status", "");
outcome.owned = await page.evaluate(() => Boolean(globalThis.owned) || document.querySelector("img, iframe, object, form, body script:not(:last-of-type)") !== null);
outcome.violations = {};
for (const scheme of ["light", "dark"]) {
  const themed = await open(scheme);
  await themed.screenshot({ path: `${screenshot}.${scheme}.png`, fullPage: true });
  // The page's own policy stops the checker as it would stop anything else: only the checker's copy of the page goes without.
  const bare = await browser.newPage();
  await bare.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
  await bare.setBypassCSP(true);
  await bare.goto(url, { waitUntil: "load" });
  await bare.evaluate(axe);
  const found = await bare.evaluate(() => globalThis.axe.run());
  outcome.violations[scheme] = found.violations.map(one => [one.id, one.impact, one.nodes.length, one.nodes[0].html.slice(0, 200)]);
}
const still = await open("light", false);
outcome.without_script = await still.evaluate(() => document.body.innerText).catch(() => null) ?? (await still.content());
outcome.said = said;
outcome.dialogs = dialogs;
outcome.requested = [...new Set(requested)].filter(one => one !== url);
await browser.close();
console.log(JSON.stringify(outcome));

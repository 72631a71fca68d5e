// Reads a service's documentation page as people do, in Chromium at a phone's width, and prints what it saw as JSON.
//
//   node documentation.mjs read PAGE               every section, by day and by night
//   node documentation.mjs try PAGE TOKEN NAME...  each operation `tag/operationId` sent from the page
import { AxeBuilder } from "@axe-core/playwright";
import { chromium } from "playwright-core";

const [command, address, token, ...operations] = process.argv.slice(2);
const WIDTH = 360;
const faults = new Set();

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM,
  args: ["--no-sandbox", "--disable-background-networking"],
});

async function open(colorScheme, fragment = "") {
  const context = await browser.newContext({ viewport: { width: WIDTH, height: 740 }, colorScheme });
  const page = await context.newPage();
  page.setDefaultTimeout(120_000);
  page.on("console", (message) => {
    // What an operation answers is reported as such; and Swagger UI objects to every address with a `_`, in which an
    // older release wrote spaces. Those of our operations have one, and open.
    const told =
      (message.text().startsWith("Failed to load resource") && message.location().url.includes("/v1/")) ||
      message.text().startsWith("Deprecated: escaping deep link whitespace with `_`");
    if (message.type() === "error" && !told) faults.add(`console: ${message.text()}`);
  });
  page.on("pageerror", (error) => faults.add(`error: ${error}`));
  page.on("request", (request) => {
    const url = new URL(request.url());
    if (url.origin !== new URL(address).origin && url.protocol !== "data:") faults.add(`elsewhere: ${url}`);
  });
  await page.addInitScript(() =>
    document.addEventListener("securitypolicyviolation", (event) =>
      console.error(`${event.violatedDirective} forbids ${event.blockedURI}`),
    ),
  );
  await page.goto(address + fragment);
  await page.locator(".opblock").first().waitFor();
  return page;
}

async function read() {
  const seen = { operations: [], schemas: [], links: [], wide: [], axe: [], filled: [], colours: {} };
  for (const scheme of ["light", "dark"]) {
    const page = await open(scheme);
    seen.title = await page.title();
    seen.language = await page.locator("html").getAttribute("lang");
    seen.colours[scheme] = await page.locator("body").evaluate((body) => getComputedStyle(body).backgroundColor);

    const check = async (name, within) => {
      const width = await page.evaluate(() => document.documentElement.scrollWidth);
      if (width > WIDTH) seen.wide.push(`${name}: ${width}`);
      const axe = new AxeBuilder({ page });
      const { violations } = await (within ? axe.include(within) : axe).analyze();
      for (const { id, impact, nodes } of violations) {
        for (const { html } of nodes) seen.axe.push({ scheme, name, rule: id, impact, html: html.slice(0, 200) });
      }
    };

    await check("the page closed");
    const count = await page.locator(".opblock").count();
    for (let index = 0; index < count; index++) {
      const operation = page.locator(".opblock").nth(index);
      const id = await operation.getAttribute("id");
      await operation.locator(".opblock-summary-control").press("Enter");
      await operation.locator(".responses-table").waitFor();
      const name = id.replace("operations-", "").replace("-", "/");
      seen.links.push((await page.evaluate(() => location.hash)) === `#/${name}` ? "" : name);
      await check(name, `#${id}`);
      await operation.getByRole("button", { name: "Try it out" }).press("Enter");
      await operation.getByRole("button", { name: "Execute" }).waitFor();
      await check(`${name}, to be tried`, `#${id}`);
      for (const input of await operation.locator('tr:has(.parameter__in:text("header")) input').all()) {
        if (await input.inputValue()) seen.filled.push(name);
      }
      if (scheme === "light") seen.operations.push(name);
      await operation.locator(".opblock-summary-control").press("Enter");
    }

    await page.locator(".models button").first().press("Enter");
    const schemas = page.locator(".models .json-schema-2020-12[data-json-schema-level='0']");
    await schemas.first().waitFor();
    for (let index = 0; index < (await schemas.count()); index++) {
      const schema = schemas.nth(index);
      const name = await schema.locator(".json-schema-2020-12__title").first().innerText();
      const toggle = schema.locator("> .json-schema-2020-12-head > .json-schema-2020-12-expand-deep-button");
      if (await toggle.count()) await toggle.press("Enter");
      await schema.evaluate((element) => (element.dataset.read = ""));
      await check(name, "[data-read]");
      await schema.evaluate((element) => delete element.dataset.read);
      if (await toggle.count()) await toggle.press("Enter");
      if (scheme === "light") seen.schemas.push(name);
    }

    await page.locator(".auth-wrapper > .authorize").press("Enter");
    await page.locator(".modal-ux").waitFor();
    await check("the token asked for", ".modal-ux");
    await page.context().close();
  }
  seen.links = seen.links.filter(Boolean);
  return seen;
}

async function tried() {
  const seen = { answers: [] };
  for (const name of operations) {
    const page = await open("light", `#/${name}`);
    await page.locator(".auth-wrapper > .authorize").press("Enter");
    await page.locator(".modal-ux input").fill(token);
    await page.locator(".modal-btn.authorize").press("Enter");
    await page.locator(".modal-ux .btn-done").press("Enter");
    const operation = page.locator(`[id="operations-${name.replace("/", "-")}"]`);
    await operation.getByRole("button", { name: "Try it out" }).press("Enter");
    const answered = page.waitForResponse((response) => response.url().includes("/v1/"));
    await operation.getByRole("button", { name: "Execute" }).press("Enter");
    const response = await answered;
    const shown = operation.locator(".live-responses-table .response-col_status").last();
    await shown.waitFor();
    seen.answers.push({ url: response.url(), status: response.status(), shown: parseInt(await shown.innerText()) });
    const kept = await page.evaluate(() => JSON.stringify([localStorage, sessionStorage, document.cookie]));
    if (kept.includes(token)) faults.add("the token is stored");
    await page.reload();
    await page.locator(".auth-wrapper > .authorize.unlocked").waitFor();
    await page.context().close();
  }
  return seen;
}

const seen = await (command === "read" ? read() : tried());
await browser.close();
console.log(JSON.stringify({ ...seen, faults: [...faults] }));

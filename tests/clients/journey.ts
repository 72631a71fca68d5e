// A partner's way through companies and indicators with generated TypeScript clients.
// node journey.js <address of companies> <of indicators> <token> <SIRET of the company> <SIRET of another>
import createClient from "openapi-fetch";
import type { components, paths } from "./companies.js";
import type { paths as figurePaths } from "./indicators.js";

declare const process: { argv: string[] };
const [where, whereFigures, token, siret, other] = process.argv.slice(2) as [string, string, string, string, string];

function same<T>(actual: T, expected: T): void {
  const [found, wanted] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (found !== wanted) throw new Error(`${found} instead of ${wanted}`);
}

function given<T>(answer: { data?: T; error?: unknown }): T {
  if (answer.data === undefined) throw new Error(JSON.stringify(answer.error));
  return answer.data;
}

function never(problem: unknown): never {
  throw new Error(JSON.stringify(problem));
}

const headers = { Authorization: `Bearer ${token}` };
const companies = createClient<paths>({ baseUrl: `${where}/companies`, headers });
const indicators = createClient<figurePaths, "application/json">({ baseUrl: `${whereFigures}/indicators`, headers });

// A company applies. What has a default, or may be null, is left out.
const foundry: components["schemas"]["ApplyCompany"] = {
  siret,
  name: "Fonderie de la Théols",
  legal_form: "5710",
  naf: "24.54Z",
  commune: "36088",
  headcount: 42,
  on: "2024-01-08",
};
const key = { header: { "Idempotency-Key": "application-1" } };
const applied = await companies.POST("/v1/companies", { body: foundry, params: key });
same([applied.response.status, applied.response.headers.get("ETag"), given(applied).status], [201, '"1"', "applied"]);
const again = await companies.POST("/v1/companies", { body: foundry, params: key });
same([again.response.headers.get("Idempotency-Replayed"), given(again).id], ["true", siret]);
// @ts-expect-error: a field that there is not
const misspelt: components["schemas"]["ApplyCompany"] = { ...foundry, colour: "red" };
same((await companies.POST("/v1/companies", { body: misspelt })).response.status, 422);

// Before it is a member it announces nothing, and the refusal says why to a program.
const furnace: components["schemas"]["AnnounceInvestment"] = {
  company: siret,
  title: "Four à induction",
  axis: 6,
  amount: 1_200_000,
  jobs_planned: 8,
  on: "2024-02-01",
};
const refused = (await companies.POST("/v1/investments", { body: furnace })).error;
if (!refused || !("parameters" in refused)) never(refused);
if (refused.type !== "/companies/problems/not-a-member") never(refused);
const why: "applied" | "active" | "rejected" | "suspended" | "left" | "unknown" = refused.parameters.status;
same([refused.parameters.company, why], [siret, "applied"]);

// It is activated at the version that was seen, not at another.
const at = (version: string) => ({ path: { id: siret }, header: { "If-Match": version } });
const stale = await companies.POST("/v1/companies/{id}/activate", { params: at('"7"'), body: {} });
same([stale.response.status, stale.error?.type], [412, "/companies/problems/stale"]);
const early = await companies.POST("/v1/companies/{id}/activate", { params: at("*"), body: { on: "2024-01-07" } });
if (!early.error || !("parameters" in early.error)) never(early);
if (early.error.type !== "/companies/problems/on-before-previous-step") never(early);
same(early.error.parameters.previous, "2024-01-08");
const active = await companies.POST("/v1/companies/{id}/activate", { params: at('"1"'), body: { on: "2024-01-15" } });
same([given(active).status, given(active).headcount, given(active).zone], ["active", 42, null]);

// It invests.
const params = { path: { id: given(await companies.POST("/v1/investments", { body: furnace })).id } };
given(await companies.POST("/v1/investments/{id}/approve", { params, body: { on: "2024-03-01" } }));
const grant: components["schemas"]["AwardGrantInvestment"] = {
  funder: "state",
  scheme: "france-relance",
  eligible_base: 1_000_000,
  aid_rate: 0.3,
  amount: 300_001,
  on: "2024-03-15",
};
const tooMuch = (await companies.POST("/v1/investments/{id}/award-grant", { params, body: grant })).error;
if (!tooMuch || !("parameters" in tooMuch)) never(tooMuch);
if (tooMuch.type !== "/companies/problems/grant-above-aid-rate") never(tooMuch);
const most: number = tooMuch.parameters.most;
given(await companies.POST("/v1/investments/{id}/award-grant", { params, body: { ...grant, amount: most } }));
given(await companies.POST("/v1/investments/{id}/commit", { params, body: { on: "2024-04-01" } }));
given(await companies.POST("/v1/investments/{id}/start", { params, body: { on: "2024-05-01" } }));
const completed = { amount_spent: 1_150_000, on: "2024-11-01" };
given(await companies.POST("/v1/investments/{id}/complete", { params, body: completed }));
const now = given(await companies.GET("/v1/investments/{id}", { params }));
if (!("grants" in now)) never(now);
same([now.status, now.grants.map((each) => each.amount)], ["completed", [most]]);

// The type of an event tells what it says.
const history = given(await companies.GET("/v1/investments/{id}/events", { params })).items;
const spent = history.flatMap((event) => (event.type === "InvestmentCompleted" ? [event.data.amount_spent] : []));
const rates = history.flatMap((event) => (event.type === "GrantAwarded" ? [event.data.aid_rate] : []));
same([history.length, spent, rates], [6, [1_150_000], [0.3]]);
// @ts-expect-error: what one event says, another does not
history.flatMap((event) => (event.type === "InvestmentApproved" ? [event.data.amount_spent] : []));

// A list comes in pages.
given(await companies.POST("/v1/companies", { body: { ...foundry, siret: other, name: "Moulin de Reuilly" } }));
const names: (string | null)[] = []; // a sole trader has none
let cursor: string | undefined;
do {
  const page = await companies.GET("/v1/companies", { params: { query: { limit: 1, ...(cursor && { cursor }) } } });
  names.push(...given(page).items.map((company) => company.name));
  cursor = /[?&]cursor=([^&>]+)/.exec(page.response.headers.get("Link") ?? "")?.[1];
} while (cursor);
same(names, ["Fonderie de la Théols", "Moulin de Reuilly"]);

// And the programme's figures follow, as JSON: they are given as CSV too.
const asked = { path: { name: "invested_productive" as const }, query: { by: ["company", "month"] } };
const read = async () => given(await indicators.GET("/v1/indicators/{name}", { params: asked }));
let figure = await read();
for (let tries = 0; !figure.value && tries < 600; tries++) {
  await new Promise((resolve) => setTimeout(resolve, 100));
  figure = await read();
}
same([figure.value, figure.unit, figure.n], [1_150_000, "EUR", 1]);
same(figure.cells.map((cell) => [cell.company, cell.month, cell.value]), [[siret, "2024-11", 1_150_000]]);
console.log("arrived");

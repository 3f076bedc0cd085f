import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { HtmlLinks, linkRewriter } from "./html-links.ts";

const PREFIX = "/api/v1/namespaces/n/pods/p/proxy";
const rewrite = linkRewriter(PREFIX, "10.1.2.3:80");

async function page(...chunks: string[]): Promise<string> {
  const links = new HtmlLinks(rewrite);
  const parts: Buffer[] = [];
  links.on("data", (part: Buffer) => parts.push(part));
  for (const chunk of chunks) links.write(chunk);
  links.end();
  await new Promise((resolve) => links.on("end", resolve));
  return Buffer.concat(parts).toString();
}

test("links to the page's own server lead through the proxy, others stay", () => {
  const table: [link: string, rewritten: string][] = [
    ["/a/b?c=d#e", `${PREFIX}/a/b?c=d#e`],
    ["/", `${PREFIX}/`],
    ["http://10.1.2.3:80/a", `${PREFIX}/a`],
    [`${PREFIX}/a`, `${PREFIX}/a`],
    ["a/b", "a/b"],
    ["#top", "#top"],
    ["//elsewhere/a", "//elsewhere/a"],
    ["https://elsewhere/a", "https://elsewhere/a"],
    ["mailto:a@b", "mailto:a@b"],
  ];
  for (const [link, rewritten] of table) assert.equal(rewrite(link), rewritten);
});

test("pages", async () => {
  const table: [html: string, rewritten: string][] = [
    ['<a href="/x">t</a>', `<a href="${PREFIX}/x">t</a>`],
    ["<IMG alt=/y SRC='/x' >", `<IMG alt=/y SRC='${PREFIX}/x' >`],
    ["<form action=/go method=post>", `<form action=${PREFIX}/go method=post>`],
    ['<p title="/x">', '<p title="/x">'],
    ['<a title="a > b" href="/x">', `<a title="a > b" href="${PREFIX}/x">`],
    ['<!-- <a href="/x"> -->', '<!-- <a href="/x"> -->'],
    [
      '<script src="/x">if (a<b) t = \'<a href="/y">\'</script><a href="/z">',
      `<script src="${PREFIX}/x">if (a<b) t = '<a href="/y">'</script><a href="${PREFIX}/z">`,
    ],
    ['1 < 2, ä <a href="/x">ö', `1 < 2, ä <a href="${PREFIX}/x">ö`],
    ['<!doctype html><a href="/x">', `<!doctype html><a href="${PREFIX}/x">`],
    ['<a href="/x', '<a href="/x'],
    ["a <", "a <"],
  ];
  for (const [html, rewritten] of table) {
    assert.equal(await page(html), rewritten);
    // However the page is cut in pieces.
    assert.equal(await page(...html), rewritten);
  }
});

test("what has no link passes as it is, however it is cut", async () => {
  const piece = fc.string({
    unit: fc.constantFrom("<", ">", '"', "'", "p", "-", "!", "/", " ", "script", "<!--", "-->", "ü"),
    maxLength: 12,
  });
  await fc.assert(fc.asyncProperty(fc.array(piece), async (chunks) => assert.equal(await page(...chunks), chunks.join(""))));
});

test("a tag that never ends is not waited for", async () => {
  const endless = `<a ${"x".repeat(200_000)}`;
  assert.equal(await page(endless, endless), endless + endless);
});

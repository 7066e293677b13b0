// A static server for the built page and a browser to open it in.

import { createReadStream, existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

export const dist = fileURLToPath(new URL('../../dist', import.meta.url));
const types = {
  '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css',
  '.wasm': 'application/wasm', '.safetensors': 'application/octet-stream', '.json': 'application/json',
};

/** Serves dist/ below a folder: the page is to run from any sub-path of any static host. */
export async function serve(prefix = '/some/folder/', headers = {}) {
  const server = createServer((request, response) => {
    const path = normalize(decodeURIComponent(new URL(request.url, 'http://localhost').pathname));
    let file = path.startsWith(prefix) ? join(dist, path.slice(prefix.length)) : '';
    if (file && existsSync(file) && statSync(file).isDirectory()) file = join(file, 'index.html');
    if (!file || !existsSync(file)) {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, {
      ...headers,
      'content-type': types[extname(file)] ?? 'application/octet-stream',
      'content-length': statSync(file).size,
    });
    createReadStream(file).pipe(response);
  });
  await new Promise((ready) => server.listen(0, '127.0.0.1', ready));
  return { url: `http://localhost:${server.address().port}${prefix}`, close: () => server.close() };
}

const quiet = [
  '--no-sandbox', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync',
];

const browsers = [];

/** A fresh browser; without `webgpu` there is no adapter, as on many machines. */
export async function browse({ webgpu = false, ...options } = {}) {
  const profile = mkdtempSync(join(tmpdir(), 'rtb-page-'));
  const browser = await chromium.launchPersistentContext(profile, {
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    headless: true,
    args: webgpu ? [...quiet, '--enable-unsafe-webgpu'] : quiet,
    viewport: { width: 1400, height: 900 },
    acceptDownloads: true,
    ...options,
  });
  browsers.push({ browser, profile });
  return browser;
}

/** Closes every browser: the process does not end while one that a failed test has left is open. */
export async function closeBrowsers() {
  for (const { browser, profile } of browsers.splice(0)) {
    await browser.close();
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Opens the page; `problems` collects everything the console or the page complains of. */
export async function open(context, url) {
  const page = await context.newPage();
  const problems = [];
  page.on('console', (message) => {
    if (message.type() === 'error') problems.push(message.text());
  });
  page.on('pageerror', (error) => problems.push(String(error)));
  await page.goto(url);
  return { page, problems };
}

export const id = (page, name) => page.getByTestId(name);

/** The number behind a cell of the table of figures. */
export async function metric(page, key) {
  const value = await id(page, `metric-${key}`).getAttribute('data-value');
  return value === null ? NaN : Number(value);
}

/** Waits until `check` is true; says what was waited for. */
export async function until(what, check, seconds = 60) {
  const end = Date.now() + 1000 * seconds;
  let last;
  while (Date.now() < end) {
    last = await check();
    if (last) return last;
    await new Promise((next) => setTimeout(next, 100));
  }
  throw new Error(`waited ${seconds} s for ${what}; last: ${last}`);
}

/** Iterations done, as the page shows them. */
export async function iteration(page) {
  const text = await id(page, 'iteration').textContent();
  return Number(/[\d\s  ,.']+/.exec(text)?.[0].replace(/\D/g, '') ?? NaN);
}

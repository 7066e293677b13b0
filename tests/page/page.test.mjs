// The built page in a real browser: on the CPU worker, on WebGPU, and when things go wrong.

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync, mkdtempSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { browse, id, iteration, metric, open, serve, until } from './support.mjs';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

let site;
let cpu;
before(async () => {
  site = await serve();
  cpu = await browse();
});
after(async () => {
  await cpu?.close();
  site?.close();
});

/** A page whose engine has opened its run. */
async function ready(context, fragment = '') {
  const opened = await open(context, site.url + fragment);
  await until('the run to open', async () => /Ready|Paused/.test(await id(opened.page, 'status').textContent()), 60);
  return opened;
}

/** Types into a field and leaves it. */
async function set(page, field, value) {
  await id(page, field).fill(String(value));
  await id(page, field).press('Tab');
}

/** A run small enough for a test; waits until the engine has it. */
async function small(page) {
  await page.evaluate(() => document.querySelectorAll('details').forEach((d) => (d.open = true)));
  await set(page, 'steps', 10);
  await set(page, 'batch', 64);
  await set(page, 'width', 16);
  await set(page, 'iterations', 12);
  await until('the small run to open', async () => /Ready/.test(await id(page, 'status').textContent()));
  await until('its first figures', async () => Number.isFinite(await metric(page, 'ess')));
}

const pixels = (page, canvas) => id(page, canvas).evaluate((c) => {
  const { data } = c.getContext('2d').getImageData(0, 0, c.width, c.height);
  let hash = 0;
  for (let i = 0; i < data.length; i += 97) hash = (hash * 31 + data[i]) | 0;
  return hash;
});

test('something moves within two seconds of opening', async () => {
  const { page, problems } = await open(cpu, site.url);
  await page.waitForSelector('[data-testid=prior-canvas]', { timeout: 2000 });
  const first = await pixels(page, 'prior-canvas');
  await until('the samples to flow', async () => (await pixels(page, 'prior-canvas')) !== first, 2);
  assert.match(await id(page, 'device-badge').textContent(), /CPU|Starting/);
  assert.deepEqual(problems, []);
  await page.close();
});

test('trains on the CPU worker until total variation falls below 0.1', { timeout: 600_000 }, async () => {
  const { page, problems } = await ready(cpu, '#preset=25-to-9');
  await until('the first figures', async () => (await metric(page, 'mode_total_variation')) > 0.3);
  assert.match(await id(page, 'device-badge').textContent(), /CPU/);
  await id(page, 'train').click();
  await until('total variation below 0.1', async () => (await metric(page, 'mode_total_variation')) < 0.1, 500);
  assert.ok(Math.abs(await metric(page, 'log_z_importance')) < 0.15);
  await id(page, 'pause').click();
  await until('the pause', async () => /Paused/.test(await id(page, 'status').textContent()));
  // The iteration that was under way still ends.
  await new Promise((next) => setTimeout(next, 2000));
  const stood = await iteration(page);
  await new Promise((next) => setTimeout(next, 1000));
  assert.equal(await iteration(page), stood, 'nothing moves while paused');

  // Scrubbing back through training shows another picture.
  const now = await pixels(page, 'learned-canvas');
  await id(page, 'history-slider').fill('0');
  await until('the first snapshot', async () => (await pixels(page, 'learned-canvas')) !== now, 5);

  await id(page, 'reset').click();
  await until('the reset', async () => (await iteration(page)) === 0 && /Ready/.test(await id(page, 'status').textContent()));
  assert.deepEqual(problems, []);
  await page.close();
});

test('one step, files saved and opened again', { timeout: 180_000 }, async () => {
  const { page, problems } = await ready(cpu);
  await small(page);
  await id(page, 'step').click();
  await until('one iteration', async () => (await iteration(page)) === 1);
  await until('the engine to be idle', async () => /Paused/.test(await id(page, 'status').textContent()));
  const folder = mkdtempSync(join(tmpdir(), 'rtb-files-'));
  const save = async (button, name) => {
    const [file] = await Promise.all([page.waitForEvent('download'), id(page, button).click()]);
    const path = join(folder, name);
    await file.saveAs(path);
    return path;
  };
  const config = await save('save-config', 'run.toml');
  assert.match(readFileSync(config, 'utf8'), /steps = 10/);
  const samples = readFileSync(await save('save-samples', 'samples.csv'), 'utf8').trim().split('\n');
  assert.ok(samples.length > 100 && /^-?[\d.e-]+,-?[\d.e-]+$/.test(samples.at(-1)), samples.at(-1));
  const picture = readFileSync(await save('save-picture', 'picture.png'));
  assert.equal(picture.subarray(1, 4).toString(), 'PNG');
  const weights = await save('save-weights', 'weights.safetensors');
  assert.ok(readFileSync(weights).length > 1000);

  const figure = await metric(page, 'elbo');
  await id(page, 'reset').click();
  await until('the reset', async () => (await iteration(page)) === 0);
  await id(page, 'file-input').setInputFiles(weights);
  await until('the saved posterior', async () => (await metric(page, 'elbo')) === figure, 30);

  const bad = join(folder, 'bad.safetensors');
  writeFileSync(bad, 'nonsense');
  await id(page, 'file-input').setInputFiles(bad);
  await until('a clear message', async () => /safetensors/.test((await id(page, 'error').allTextContents()).join()), 10);
  const badToml = join(folder, 'bad.toml');
  writeFileSync(badToml, '[process]\nsteps = -3\n');
  await id(page, 'file-input').setInputFiles(badToml);
  await until('the field to be named', async () => /process\.steps/.test((await id(page, 'error').allTextContents()).join()), 10);
  assert.equal(await id(page, 'steps').inputValue(), '10', 'the run is still the last good one');

  await id(page, 'preset').selectOption('ring-tilt');
  await until('the preset', async () => (await id(page, 'steps').inputValue()) === '100');
  await id(page, 'file-input').setInputFiles(config);
  await until('the opened config', async () => (await id(page, 'steps').inputValue()) === '10', 10);
  assert.deepEqual(problems, []);
  await page.close();
});

test('a copied link reopens the same state, a bad one says so', { timeout: 120_000 }, async () => {
  const { page, problems } = await ready(cpu, '#preset=ring-tilt');
  assert.equal(await id(page, 'preset').inputValue(), 'ring-tilt');
  await small(page);
  await until('the link', async () => page.url().length > site.url.length + 100, 10);
  const before = page.url();
  await set(page, 'seed', 17);
  await until('the new link', async () => page.url() !== before, 10);
  const link = page.url();
  const again = await ready(cpu, link.slice(site.url.length));
  for (const field of ['seed', 'steps', 'batch', 'width', 'iterations']) {
    assert.equal(await id(again.page, field).inputValue(), await id(page, field).inputValue(), field);
  }
  assert.equal(again.page.url(), link);
  const damaged = await ready(cpu, link.slice(site.url.length, -20));
  await until('a message', async () => /link/.test((await id(damaged.page, 'error').allTextContents()).join()), 10);
  assert.deepEqual([...problems, ...again.problems, ...damaged.problems], []);
  for (const p of [page, again.page, damaged.page]) await p.close();
});

test('values that are not allowed are refused where they stand', { timeout: 120_000 }, async () => {
  const { page, problems } = await ready(cpu);
  await small(page);
  await set(page, 'steps', '0');
  await until('the refusal', async () => /from 2 to 1000/.test((await id(page, 'steps-error').allTextContents()).join()), 10);
  await set(page, 'steps', '12');
  await until('it to go', async () => (await id(page, 'steps-error').count()) === 0, 10);
  await id(page, 'reward-kind').selectOption('formula');
  await set(page, 'formula', 'exp(x +');
  await until('the formula to be refused', async () => /formula in x and y/.test(await page.locator('main').textContent()), 20);
  await set(page, 'formula', 'exp(0.3*x)');
  await until('the new run', async () => /Ready/.test(await id(page, 'status').textContent()), 20);
  assert.deepEqual(problems, []);
  await page.close();
});

test('a painted reward is what is trained for', { timeout: 120_000 }, async () => {
  const { page, problems } = await ready(cpu);
  await small(page);
  await id(page, 'reward-kind').selectOption('painted');
  await id(page, 'paint-clear').click();
  const box = await id(page, 'reward-canvas').boundingBox();
  // A stroke over the mode at (5, 5): the square goes from −14 to 14.
  const at = (x, y) => [box.x + ((x + 14) / 28) * box.width, box.y + ((14 - y) / 28) * box.height];
  await page.mouse.move(...at(4, 5));
  await page.mouse.down();
  for (let x = 4; x <= 6; x += 0.25) await page.mouse.move(...at(x, 5));
  await page.mouse.up();
  await until('the painted run to open', async () => /Ready/.test(await id(page, 'status').textContent()), 20);
  // A fresh picture has a disc over the mode at the origin; with the stroke, two modes of 25.
  await until('its exact log Z', async () => Math.abs((await metric(page, 'log_z_exact')) - Math.log(2 / 25)) < 0.1, 20);
  assert.deepEqual(problems, []);
  await page.close();
});

test('a crashed worker is replaced and nothing is lost', { timeout: 120_000 }, async () => {
  const { page } = await ready(cpu);
  await small(page);
  await id(page, 'step').click();
  await until('one iteration', async () => (await iteration(page)) === 1);
  await until('the engine to be idle', async () => /Paused/.test(await id(page, 'status').textContent()));
  const elbo = await until('its figures', async () => metric(page, 'elbo'));
  const [worker] = page.workers();
  await worker.evaluate(() => setTimeout(() => { throw new Error('a crash for the test'); }, 0));
  await until('a message', async () =>
    (await id(page, 'error').count()) + (await id(page, 'notice').count()) > 0, 20);
  await until('the engine to be back', async () => /Paused|Ready/.test(await id(page, 'status').textContent()), 40);
  assert.equal(await id(page, 'steps').inputValue(), '10', 'the run is kept');
  await until('the weights to be kept', async () => (await metric(page, 'elbo')) === elbo, 20);
  await id(page, 'step').click();
  await until('training to go on', async () => (await iteration(page)) >= 2, 20);
  await page.close();
});

test('has no serious accessibility findings, at desktop and phone width, light and dark', { timeout: 120_000 }, async () => {
  for (const [width, colorScheme] of [[1400, 'light'], [390, 'dark']]) {
    const context = await browse({ viewport: { width, height: 844 }, colorScheme, reducedMotion: 'reduce' });
    const { page, problems } = await ready(context);
    await page.evaluate(() => document.querySelectorAll('details').forEach((d) => (d.open = true)));
    await page.evaluate(axe);
    const { violations } = await page.evaluate(() => globalThis.axe.run());
    const serious = violations.filter((v) => ['serious', 'critical'].includes(v.impact));
    assert.deepEqual(serious.map((v) => `${v.id}: ${v.nodes.map((n) => n.html).join(' | ')}`), []);
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(overflow <= 1, `the page is ${overflow} px wider than a window of ${width}`);
    assert.deepEqual(problems, []);
    await context.close();
  }
});

test('is trained by keyboard alone', { timeout: 120_000 }, async () => {
  const { page, problems } = await ready(cpu);
  await small(page);
  await id(page, 'train').focus();
  await page.keyboard.press('Enter');
  await until('all iterations', async () => /Finished/.test(await id(page, 'status').textContent()), 60);
  assert.equal(await iteration(page), 12);
  assert.deepEqual(problems, []);
  await page.close();
});

test('WebGPU trains like the CPU worker', { timeout: 600_000 }, async () => {
  const context = await browse({ webgpu: true });
  const figures = async (page) => {
    await small(page);
    for (let done = 1; done <= 3; done += 1) {
      await id(page, 'step').click();
      await until(`iteration ${done}`, async () => (await iteration(page)) === done, 240);
      await until('the engine to be idle', async () => /Paused/.test(await id(page, 'status').textContent()), 240);
    }
    return { elbo: await metric(page, 'elbo'), logZ: await metric(page, 'log_z_importance'), ess: await metric(page, 'ess') };
  };
  const { page, problems } = await ready(context);
  const onCpu = await figures(page);
  await id(page, 'reset').click();
  await id(page, 'device-select').selectOption('gpu');
  await until('the WebGPU worker', async () => /GPU/.test(await page.getByTestId('device-badge').locator('strong').textContent()), 240);
  await until('the run to open on it', async () => /Ready|Paused/.test(await id(page, 'status').textContent()), 240);
  await id(page, 'reset').click();
  await until('a fresh start', async () => (await iteration(page)) === 0 && /Ready/.test(await id(page, 'status').textContent()), 240);
  const onGpu = await figures(page);
  for (const key of Object.keys(onCpu)) {
    assert.ok(Math.abs(onCpu[key] - onGpu[key]) < 0.02 * Math.max(1, Math.abs(onCpu[key])), `${key}: ${onCpu[key]} and ${onGpu[key]}`);
  }
  assert.deepEqual(problems, []);
  await context.close();
});

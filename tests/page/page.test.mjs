// The built page in a real browser: on the CPU worker, on WebGPU, and when things go wrong.

import assert from 'node:assert/strict';
import { readFileSync, truncateSync, writeFileSync, mkdtempSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { deflateSync } from 'node:zlib';
import { browse, closeBrowsers, dist, id, iteration, metric, open, serve, until } from './support.mjs';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

let site;
let cpu;
before(async () => {
  site = await serve();
  cpu = await browse();
});
after(async () => {
  await closeBrowsers();
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

/** A run as the fragment of a link. */
const fragment = (toml) => `#${deflateSync(toml).toString('base64url')}`;

const errors = async (page) => (await id(page, 'error').allTextContents()).join();

/** Saves the file that a button hands out; its text. */
async function saved(page, button) {
  const [file] = await Promise.all([page.waitForEvent('download'), id(page, button).click()]);
  return readFileSync(await file.path(), 'utf8');
}

/** Serious findings of axe in a part of the page. */
async function serious(page, part = 'html') {
  await page.evaluate(axe);
  const { violations } = await page.evaluate((selector) => globalThis.axe.run(selector), part);
  return violations.filter((v) => ['serious', 'critical'].includes(v.impact))
    .map((v) => `${v.id}: ${v.nodes.map((n) => n.html).join(' | ')}`);
}

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
  const large = join(folder, 'large.safetensors');
  writeFileSync(large, '');
  truncateSync(large, 1.5e9);
  await id(page, 'file-input').setInputFiles(large);
  await until('the limit', async () => /large.safetensors .* at most 128 MiB/.test(await errors(page)), 10);
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

/** Rows of three round clusters of deviation 2 at 100, 120 and 140 along the first column, 4:3:3. */
function clusters(rows) {
  let state = 1;
  const uniform = () => (state = (state * 48271) % 2147483647) / 2147483647;
  const normal = () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
  return Array.from({ length: rows }, (_, i) => {
    const cluster = [0, 0, 0, 0, 1, 1, 1, 2, 2, 2][i % 10];
    return [100 + 20 * cluster + 2 * normal(), 5 * (cluster % 2) + 2 * normal()];
  });
}

test('a dropped table becomes the prior, and Undo brings the run before back', { timeout: 180_000 }, async () => {
  const { page, problems } = await ready(cpu);
  await small(page);
  const status = (what) => until(what.source, async () => what.test(await id(page, 'status').textContent()), 30);
  const prior = () => id(page, 'prior-canvas').getAttribute('aria-label');
  const train = async () => {
    await id(page, 'train').click();
    await status(/Finished/);
    return until('its figures', async () => metric(page, 'elbo'), 10);
  };
  const drop = (name, text) => page.evaluate(([name, text]) => {
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File([text], name));
    document.body.dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true }));
  }, [name, text]);
  const elbo = await train();

  for (const [text, said] of [
    ['size,mass\n1,2\n3,large\n', 'bad.csv cannot be opened: line 3, column `mass`: `large` is no finite number.'],
    ['a,b,c\n1,2,3\n', 'bad.csv cannot be opened: it has 3 columns (a, b, c), and the page takes two columns; the native program takes up to 64: rtb pretrain points.'],
    ['a,b\n1,2\n', 'bad.csv cannot be opened: the number of rows is 1; at least 10 are needed.'],
  ]) {
    await drop('bad.csv', text);
    await until(said, async () => (await errors(page)).startsWith(said), 10);
    assert.equal(await iteration(page), 12);
    assert.match(await prior(), /25 components/);
  }

  const rows = clusters(2000);
  await drop('animals.csv', `size,mass\n${rows.map((row) => row.join()).join('\n')}\n`);
  const notice = await until('the notice', async () => {
    const text = (await id(page, 'notice').allTextContents()).join();
    return /^Opened/.test(text) && text;
  }, 20);
  assert.match(notice, /Opened animals.csv: 2000 rows became a mixture of 3 Gaussians \(held-out log likelihood per point −5\.\d\d\)/);
  const [, low, high, scale] = /The square shows size from (\d+\.\d) to (\d+\.\d) \(x = ([\d.]+)·size − [\d.]+\) and mass from/.exec(notice);
  assert.ok(low < 96 && high > 144 && Math.abs(28 / scale - (high - low)) < 0.2, notice);
  assert.match(notice, /The reward is now 1 where size is at least its median 1[12]\d\.\d, and 0 elsewhere/);
  await status(/Ready/);
  assert.match(await prior(), /3 components/);
  assert.equal(await id(page, 'reward-kind').inputValue(), 'mask');
  assert.equal(await id(page, 'batch').inputValue(), '64', 'its settings stay');
  assert.match(await id(page, 'preset').locator('option').first().textContent(), /^animals.csv: x = /);
  await train();

  await id(page, 'undo').click();
  await until('the run before', async () => (await iteration(page)) === 12 && (await metric(page, 'elbo')) === elbo, 30);
  assert.match(await prior(), /25 components/);

  // An array of NumPy, for another reward.
  await id(page, 'preset').selectOption('ring-tilt');
  await status(/Ready/);
  const header = `{'descr': '<f8', 'fortran_order': False, 'shape': (${rows.length}, 2), }\n`;
  const head = Buffer.concat([Buffer.from('\x93NUMPY\x01\x00', 'latin1'), Buffer.from([header.length, 0]), Buffer.from(header)]);
  const buffer = Buffer.concat([head, Buffer.from(new Float64Array(rows.flat()).buffer)]);
  await id(page, 'file-input').setInputFiles({ name: 'animals.npy', mimeType: '', buffer });
  await until('the notice', async () => /animals.npy: 2000 rows .* The square shows x1 from [^W]*$/.test((await id(page, 'notice').allTextContents()).join()), 20);
  assert.equal(await id(page, 'reward-kind').inputValue(), 'formula');
  assert.deepEqual(problems, []);
  await page.close();
});

test('a copied link reopens the same state, a bad one says so', { timeout: 120_000 }, async () => {
  const { page, problems } = await ready(cpu, '#preset=ring-tilt');
  assert.equal(await id(page, 'preset').inputValue(), 'ring-tilt');
  await small(page);
  await until('the link', async () => page.url().length > site.url.length + 100, 10);
  const before = page.url();
  // More digits than a double has.
  await set(page, 'seed', '9007199254740993');
  await until('the new link', async () => page.url() !== before, 10);
  const link = page.url();
  const again = await ready(cpu, link.slice(site.url.length));
  for (const field of ['seed', 'steps', 'batch', 'width', 'iterations']) {
    assert.equal(await id(again.page, field).inputValue(), await id(page, field).inputValue(), field);
  }
  assert.equal(await id(again.page, 'seed').inputValue(), '9007199254740993');
  assert.equal(again.page.url(), link);
  await again.page.evaluate(() => { location.hash = 'damaged'; });
  await until('a message', async () => /link/.test(await errors(again.page)), 10);
  await until('the link of the run that stays', async () => again.page.url() === link, 5);
  const damaged = await ready(cpu, link.slice(site.url.length, -20));
  await until('a message', async () => /link/.test((await id(damaged.page, 'error').allTextContents()).join()), 10);
  await until('the link of the first preset', async () => damaged.page.url().endsWith('#preset=25-to-9'), 5);
  assert.deepEqual([...problems, ...again.problems, ...damaged.problems], []);
  for (const p of [page, again.page, damaged.page]) await p.close();
});

test('what was trained is kept: another length, Undo, Back and a reload', { timeout: 180_000 }, async () => {
  const { page, problems } = await ready(cpu);
  await small(page);
  const status = (what) => until(what.source, async () => what.test(await id(page, 'status').textContent()), 30);
  await id(page, 'train').click();
  await status(/Finished/);
  const elbo = () => until('its figures', async () => metric(page, 'elbo'), 10);
  const short = await elbo();

  // Length and measurement act on the run as it is.
  await set(page, 'iterations', 20);
  await status(/Paused/);
  await set(page, 'evaluation-samples', 700);
  await until('other samples', async () => (await metric(page, 'samples')) === 700, 10);
  assert.equal(await iteration(page), 12);
  await id(page, 'train').click();
  await status(/Finished/);
  assert.equal(await iteration(page), 20);
  const long = await elbo();
  assert.notEqual(long, short);
  const back = (where) => until(where, async () => (await iteration(page)) === 20 && (await metric(page, 'elbo')) === long
    && /Finished/.test(await id(page, 'status').textContent()), 30);
  const fresh = (what) => until(what, async () => (await iteration(page)) === 0 && /Ready/.test(await id(page, 'status').textContent()), 30);

  // What has to start again is undone, and what was measured comes back with it.
  await set(page, 'batch', 32);
  await fresh('the other batch');
  await id(page, 'undo').click();
  await back('the run before');
  assert.equal(await id(page, 'batch').inputValue(), '64');
  assert.ok(Number(await id(page, 'history-slider').getAttribute('max')) > 1, 'its history');
  await id(page, 'reset').click();
  await fresh('the reset');
  await id(page, 'undo').click();
  await back('the run before the reset');

  await id(page, 'preset').selectOption('moons-disc');
  await fresh('the preset');
  await page.goBack();
  await back('the run before the preset');
  await page.goForward();
  await fresh('the preset again');
  assert.equal(await id(page, 'preset').inputValue(), 'moons-disc');
  await id(page, 'task-mixtures').click();
  await until('the first preset', async () => (await id(page, 'preset').inputValue()) === '25-to-9', 10);
  await page.goBack();
  await until('the preset before', async () => (await id(page, 'preset').inputValue()) === 'moons-disc', 10);
  await id(page, 'undo').click();
  await back('the trained run');

  const kept = () => page.evaluate(async () => {
    const found = await (await caches.open('rtb-kept')).match(`rtb-kept/${sessionStorage.getItem('rtb-kept')}`);
    return found !== undefined;
  });
  await until('weights that are kept', kept, 10);
  await page.reload();
  await back('the weights of before the reload');
  assert.match(await id(page, 'chart-loss').getAttribute('aria-label'), /^Loss: loss = /, 'its curves');

  // A preset that is picked before they are back does not lose them.
  await until('weights that are kept', kept, 10);
  await page.addInitScript(() => {
    const open = caches.open.bind(caches);
    caches.open = async (name) => {
      await new Promise((next) => setTimeout(next, 500));
      return open(name);
    };
  });
  await page.reload();
  await id(page, 'preset').selectOption('moons-disc');
  await fresh('the preset that was picked at once');
  await id(page, 'undo').click();
  await back('the weights of before the reload, by Undo');
  await id(page, 'reset').click();
  await fresh('the reset');
  await until('nothing to keep', async () => !(await kept()), 10);
  await page.reload();
  await fresh('an untrained run');
  assert.deepEqual(problems, []);
  await page.close();
});

test('Back in the instant of a pick leads back', { timeout: 60_000 }, async () => {
  const { page, problems } = await ready(cpu, '#preset=ring-tilt');
  for (const wait of [0, 20, 280, 320]) {
    await id(page, 'preset').evaluate(async (select, wait) => {
      select.value = 'moons-disc';
      select.dispatchEvent(new Event('change', { bubbles: true }));
      await new Promise((next) => setTimeout(next, wait));
      history.back();
    }, wait);
    // Longer than the address may be behind the run.
    await new Promise((next) => setTimeout(next, 1000));
    assert.equal(await id(page, 'preset').inputValue(), 'ring-tilt', `after ${wait} ms`);
    assert.ok(page.url().endsWith('#preset=ring-tilt'), page.url());
  }
  assert.deepEqual(problems, []);
  await page.close();
});

test('values that are not allowed are refused where they stand', { timeout: 120_000 }, async () => {
  const { page, problems } = await ready(cpu);
  await small(page);
  await set(page, 'steps', '0');
  await until('the refusal', async () => /from 2 to 1000/.test((await id(page, 'steps-error').allTextContents()).join()), 10);
  await set(page, 'steps', '12');
  await until('it to go', async () => (await id(page, 'steps-error').count()) === 0, 10);
  await set(page, 'seed', '9223372036854775808');
  await until('the limit', async () => /Seed: .*a whole number from 0 to 9223372036854775807/.test((await id(page, 'seed-error').allTextContents()).join()), 10);
  await set(page, 'seed', '1');
  await set(page, 'learning-rate', '0,002');
  await until('the decimal point', async () => /Learning rate: .*a decimal point, as in 0\.002/.test((await id(page, 'learning-rate-error').allTextContents()).join()), 10);
  await set(page, 'learning-rate', '0.002');
  await id(page, 'reward-kind').selectOption('formula');
  // What is refused makes room for the run before: that of the formula a reward starts with.
  await until('the formula\'s run', async () => (await metric(page, 'log_z_exact')) > 0.5, 20);
  const place = () => page.evaluate(() => document.querySelector('main').offsetTop);
  const before = await place();
  await set(page, 'formula', 'exp(x +');
  await until('the formula to be refused', async () => /^Formula: .* a formula \(/.test((await id(page, 'formula-error').allTextContents()).join()), 20);
  assert.equal(await id(page, 'error').isVisible(), false, 'it is said once');
  assert.equal(await place(), before, 'a message pushes nothing away');
  await set(page, 'formula', 'exp(0.3*x)');
  await until('the new run', async () => /Ready/.test(await id(page, 'status').textContent()), 20);
  assert.equal(await id(page, 'formula-error').count() + await id(page, 'error').count(), 0, 'it is mended');
  assert.deepEqual(problems, []);
  await page.close();
});

test('controls show the run, whatever was picked or typed before', { timeout: 120_000 }, async () => {
  const { page, problems } = await ready(cpu, '#preset=25-to-9');
  await page.evaluate(() => document.querySelectorAll('details').forEach((d) => (d.open = true)));
  const shown = (field) => id(page, field).inputValue();
  for (const [field, picked, own] of [['reward-kind', 'formula', 'ratio'], ['method', 'ddpo', 'rtb']]) {
    for (const value of [picked, own, picked]) await id(page, field).selectOption(value);
    await id(page, 'preset').selectOption('25-to-9');
    await until(`the preset's ${field}`, async () => (await shown(field)) === own);
  }
  const rate = await shown('learning-rate');
  await set(page, 'learning-rate', 'abc');
  await until('the reason', async () => (await id(page, 'learning-rate-error').count()) === 1);
  await id(page, 'preset').selectOption('moons-disc');
  await until('the run\'s own rate', async () => (await shown('learning-rate')) === rate);
  assert.equal(await id(page, 'learning-rate-error').count(), 0);
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

  // In training it goes on by itself, once.
  await set(page, 'iterations', 100_000);
  await id(page, 'train').click();
  const crash = async () => {
    const before = await iteration(page);
    await until('more training', async () => (await iteration(page)) > before + 5, 20);
    await page.workers()[0].evaluate(() => setTimeout(() => { throw new Error('a crash for the test'); }, 0));
  };
  await crash();
  await until('a message', async () => /goes on with the run from its last weights\./.test(await errors(page)), 20);
  assert.match(await id(page, 'status').textContent(), /Opening|Training/);
  await crash();
  await until('the engine to wait', async () => /press Train to continue/.test(await errors(page))
    && /Paused/.test(await id(page, 'status').textContent()), 20);
  assert.ok((await iteration(page)) > 0, 'with the last weights');
  await page.close();
});

test('a worker that cannot even be made says so', { timeout: 60_000 }, async () => {
  const page = await cpu.newPage();
  await page.addInitScript(() => {
    globalThis.Worker = class { constructor() { throw new Error('no workers in here'); } };
  });
  await page.goto(site.url);
  await until('a message', async () => /did not start: .*no workers in here/.test(await errors(page)), 10);
  assert.match(await id(page, 'device-badge').textContent(), /Not running/);
  assert.match(await id(page, 'status').textContent(), /not running/);
  await page.close();
});

test('where the page cannot start, a sentence says why', { timeout: 60_000 }, async () => {
  const wall = await serve('/', { 'content-security-policy': "script-src 'none'" });
  const stopped = (page) => page.route('**/page-*_bg.wasm', (route) => route.abort());
  const says = async (what, address, prepare = () => {}) => {
    const page = await cpu.newPage();
    await prepare(page);
    await page.goto(address);
    await page.getByText(what).waitFor({ timeout: 20_000 });
    await page.close();
  };
  await Promise.all([
    says(/does not run from a file/, pathToFileURL(join(dist, 'index.html')).href),
    says(/needs WebAssembly, which/, site.url, (page) => page.addInitScript(() => { delete globalThis.WebAssembly; })),
    says(/WebAssembly with SIMD, which/, site.url, async (page) => {
      await page.addInitScript(() => { WebAssembly.validate = () => false; });
      // This browser has SIMD: the page would start, and take the sentence away.
      await stopped(page);
    }),
    says(/could not start: .*Reload it/, site.url, stopped),
    says(/has not started.*security policy/, wall.url),
  ]);
  wall.close();
});

test('runs where storage is blocked, under a strict policy, from a folder of any name', { timeout: 120_000 }, async () => {
  const strict = await serve("/it's a folder/", { 'content-security-policy':
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'wasm-unsafe-eval'; style-src 'self' 'unsafe-inline'; img-src 'self' data:" });
  const page = await cpu.newPage();
  const problems = [];
  page.on('console', (message) => message.type() === 'error' && problems.push(message.text()));
  page.on('pageerror', (error) => problems.push(String(error)));
  await page.addInitScript(() => {
    for (const storage of ['localStorage', 'sessionStorage']) {
      Object.defineProperty(globalThis, storage, { get() { throw new DOMException('denied', 'SecurityError'); } });
    }
  });
  await page.goto(strict.url);
  await until('the run to open', async () => /Ready/.test(await id(page, 'status').textContent()));
  await id(page, 'theme').click();
  await until('the theme', async () => /light/.test(await id(page, 'theme').textContent()), 5);
  await id(page, 'step').click();
  await until('one iteration', async () => (await iteration(page)) === 1);
  assert.deepEqual(problems, []);
  await page.close();
  strict.close();
});

test('a worker of another build is not used', { timeout: 60_000 }, async () => {
  const page = await cpu.newPage();
  const builds = new Set();
  await cpu.route('**/worker*', async (route) => {
    const build = new URL(route.request().url()).search.slice(1);
    builds.add(build);
    if (!/_bg\.wasm/.test(route.request().url())) return route.continue();
    // An old worker, as a cache may have it.
    const response = await route.fetch();
    const body = await response.body();
    body.write('0'.repeat(build.length), body.indexOf(build));
    return route.fulfill({ response, body });
  });
  await page.goto(site.url);
  await until('the reason', async () => /another version than this page; reload/.test(await errors(page)), 30);
  assert.match([...builds].join(), /^[0-9a-f]{16}$/, 'one build in every address');
  await cpu.unroute('**/worker*');
  await page.close();
});

test('a mistake in the page says so, and a selection does not outlive its mixture', { timeout: 60_000 }, async () => {
  const { page, problems } = await ready(cpu, '#preset=25-to-9');
  await page.evaluate(() => document.querySelectorAll('details').forEach((d) => (d.open = true)));
  await id(page, 'prior-component').selectOption('24');
  await id(page, 'preset').selectOption('moons-disc');
  await until('the other mixture', async () => /Ready/.test(await id(page, 'status').textContent())
    && (await id(page, 'prior-component').locator('option').count()) < 25);
  const components = await id(page, 'prior-component').locator('option').count();
  await id(page, 'prior-canvas').focus();
  await page.keyboard.press('Delete');
  await set(page, 'seed', 5);
  await until('the page to go on', async () => /preset/.test(page.url()) === false, 5);
  assert.equal(await id(page, 'prior-component').locator('option').count(), components);
  assert.deepEqual(problems, []);

  await page.evaluate(() => {
    const make = document.createElement.bind(document);
    document.createElement = (name) => {
      if (name === 'a') throw new Error('a mistake for the test');
      return make(name);
    };
  });
  await id(page, 'save-config').click();
  await page.getByText('The page has stopped').waitFor({ timeout: 5000 });
  await page.close();
});

test('a run gives way to another one, however long it looks or works', { timeout: 180_000 }, async () => {
  const { page, problems } = await ready(cpu, fragment('preset = "25-to-9"\n[process]\nsteps = 1000\n[evaluation]\nsamples_while_training = 1000000\n'));
  const opens = async (preset, seconds) => {
    await id(page, 'preset').selectOption(preset);
    await until(`${preset} to open`, async () => /Opening/.test(await id(page, 'status').textContent()), 5);
    await until(`${preset} to be open`, async () => /Ready/.test(await id(page, 'status').textContent()), seconds);
    await until('its figures', async () => Number.isFinite(await metric(page, 'ess')), 20);
  };
  await opens('ring-tilt', 20);

  // A worker that does not listen at all is replaced.
  const [worker] = page.workers().slice(-1);
  worker.evaluate(() => { for (const end = Date.now() + 120_000; Date.now() < end;); }).catch(() => {});
  await opens('moons-disc', 25);
  assert.ok(page.workers().at(-1) !== worker, 'another worker');
  assert.deepEqual(problems, []);
  await page.close();
});

test('a speed limit does not ask the time of day', { timeout: 60_000 }, async () => {
  const { page, problems } = await ready(cpu);
  await small(page);
  await id(page, 'speed').selectOption('5');
  await id(page, 'train').click();
  await until('a first iteration', async () => (await iteration(page)) > 0);
  await page.workers()[0].evaluate(() => {
    const now = Date.now;
    Date.now = () => now() - 3_600_000;
  });
  await until('all iterations', async () => /Finished/.test(await id(page, 'status').textContent()), 10);
  assert.deepEqual(problems, []);
  await page.close();
});

test('CPU workers that share an iteration find what one finds, and may change their number on the way', { timeout: 180_000 }, async () => {
  const badge = (page) => id(page, 'device-badge').locator('strong').textContent();
  const figures = async (page, later) => {
    await small(page);
    for (let done = 1; done <= 4; done += 1) {
      if (done === 3) await id(page, 'workers-select').selectOption(later);
      const before = await metric(page, 'elbo');
      await id(page, 'step').click();
      // The first one is tempered to nothing.
      await until(`iteration ${done}`, async () => (await iteration(page)) === done && (done === 1 || (await metric(page, 'elbo')) !== before));
    }
    return { elbo: await metric(page, 'elbo'), logZ: await metric(page, 'log_z_importance'), ess: await metric(page, 'ess') };
  };
  const { page, problems } = await ready(cpu, '#preset=25-to-9');
  await id(page, 'workers-select').selectOption('1');
  const alone = await figures(page, '1');
  assert.doesNotMatch(await badge(page), /workers/);
  for (const [first, later] of [['2', '2'], ['2', '1'], ['1', '2']]) {
    await id(page, 'reset').click();
    await until('a fresh start', async () => (await iteration(page)) === 0 && /Ready/.test(await id(page, 'status').textContent()));
    await id(page, 'workers-select').selectOption(first);
    const shared = await figures(page, later);
    for (const key of Object.keys(alone)) {
      assert.ok(Math.abs(alone[key] - shared[key]) < 1e-3 * Math.max(1, Math.abs(alone[key])), `${key}: ${alone[key]} and ${shared[key]}`);
    }
    await until('the badge', async () => /2 workers/.test(await badge(page)) === (later === '2'), 10);
  }
  // Another run, which is opened while workers share this one.
  await set(page, 'iterations', 100_000);
  await id(page, 'train').click();
  await until('training', async () => (await iteration(page)) > 8);
  await set(page, 'batch', 96);
  await until('the other run', async () => (await iteration(page)) < 8);
  await until('its training', async () => (await iteration(page)) > 8);
  assert.match(await badge(page), /2 workers/);
  assert.deepEqual(problems, []);
  await page.close();
});

test('a power of the prior and a product with another one are rewards, and links keep them', { timeout: 120_000 }, async () => {
  const { page, problems } = await ready(cpu);
  await small(page);
  const before = await pixels(page, 'exact-canvas');
  await id(page, 'reward-kind').selectOption('annealed');
  await until('another exact posterior', async () => (await pixels(page, 'exact-canvas')) !== before, 10);
  await id(page, 'power').fill('1.5');
  // One of 25 equal modes, far apart: ∫ p^γ = 25^(1−γ) · ∫ N^γ, the latter (2πσ²)^(1−γ)/γ.
  const logZ = -0.5 * Math.log(25 * 2 * Math.PI * 0.3) - Math.log(1.5);
  await until('log Z of the annealed prior', async () => Math.abs((await metric(page, 'log_z_exact')) - logZ) < 0.01, 20);
  const link = await until('the link', async () => /#.{100}/.test(page.url()) && page.url(), 10);
  await new Promise((next) => setTimeout(next, 500));
  const annealed = await ready(cpu, page.url().slice(site.url.length));
  assert.equal(await id(annealed.page, 'reward-kind').inputValue(), 'annealed');
  assert.equal(await id(annealed.page, 'power').inputValue(), '1.5');

  await id(page, 'reward-kind').selectOption('product');
  await set(page, 'product-x', -5);
  const box = await id(page, 'reward-canvas').boundingBox();
  const at = (x, y) => [box.x + ((x + 14) / 28) * box.width, box.y + ((14 - y) / 28) * box.height];
  await page.mouse.move(...at(-5, 0));
  await page.mouse.down();
  await page.mouse.move(...at(-5, 3), { steps: 4 });
  await page.mouse.up();
  await until('the dragged mean', async () => Math.abs(Number(await id(page, 'product-y').inputValue()) - 3) < 0.3, 10);
  await until('the product to open', async () => /Ready/.test(await id(page, 'status').textContent()), 20);
  await until('the new link', async () => page.url() !== link && page.url() !== annealed.page.url(), 10);
  await new Promise((next) => setTimeout(next, 500));
  const product = await ready(cpu, page.url().slice(site.url.length));
  assert.equal(await id(product.page, 'reward-kind').inputValue(), 'product');
  await until('its figures', async () => Number.isFinite(await metric(product.page, 'log_z_exact')));
  assert.equal(await metric(product.page, 'log_z_exact'), await metric(page, 'log_z_exact'));
  for (const opened of [annealed, product]) {
    await opened.page.evaluate(() => document.querySelectorAll('details').forEach((d) => (d.open = true)));
    assert.deepEqual(await serious(opened.page, '.controls'), []);
  }
  assert.deepEqual([...problems, ...annealed.problems, ...product.problems], []);
  for (const p of [page, annealed.page, product.page]) await p.close();
});

test('the method is part of the run and of its address', { timeout: 120_000 }, async () => {
  const { page, problems } = await ready(cpu);
  await small(page);
  const before = page.url();
  await id(page, 'method').selectOption('dpok');
  assert.equal(await id(page, 'on-policy').count(), 1);
  await set(page, 'method-epochs', 1);
  await until('the new run', async () => page.url() !== before && /Ready/.test(await id(page, 'status').textContent()), 20);
  await id(page, 'step').click();
  await until('one iteration', async () => (await iteration(page)) === 1);
  const again = await ready(cpu, page.url().slice(site.url.length));
  assert.equal(await id(again.page, 'method').inputValue(), 'dpok');
  assert.equal(await id(again.page, 'method-epochs').inputValue(), '1');

  const free = await open(cpu, site.url + fragment('preset = "25-to-9"\n[method]\nkind = "dps"\n'));
  await until('the refusal', async () => /method: .*dps/.test(await errors(free.page)), 30);
  assert.equal(await id(free.page, 'method').inputValue(), 'rtb');
  assert.deepEqual([...problems, ...again.problems, ...free.problems], []);
  for (const p of [page, again.page, free.page]) await p.close();
});

/** A small run, and exactly these methods chosen for a comparison. */
async function comparable(page, methods) {
  await small(page);
  for (const box of await page.locator('.compare input[type=checkbox]').all()) {
    await box.setChecked(methods.includes((await box.getAttribute('data-testid')).replace('compare-', '')));
  }
  await set(page, 'compare-samples', 500);
}

const standing = (page, method) => id(page, `card-${method}`).getAttribute('data-standing');

test('methods are compared side by side', { timeout: 240_000 }, async () => {
  const { page, problems } = await ready(cpu);
  const methods = ['rtb', 'dps', 'importance', 'smc'];
  await comparable(page, methods);
  await set(page, 'compare-smc-particles', 500);
  assert.match(await id(page, 'compare-expect').textContent(), /roughly (\d+ (ms|s|minutes))/);
  await id(page, 'compare').click();
  const ended = async () => /Ended/.test(await id(page, 'compare-status').textContent());
  await until('the comparison', ended, 120);
  assert.equal(await id(page, 'card-exact').count(), 1);
  for (const method of methods) {
    assert.equal(await standing(page, method), 'done', method);
    const error = Number(await id(page, `card-${method}`).locator('[data-figure=total_variation]').textContent());
    assert.ok(error >= 0 && error <= 1, `${method}: ${error}`);
  }
  assert.ok(Number(await id(page, 'card-importance').locator('[data-figure=total_variation]').textContent()) < 0.3);
  assert.match(await id(page, 'payoff').textContent(), /RTB: (it is less accurate than|no training-free method is as accurate|training (pays off after [\d.]+|never pays off))/);
  assert.equal(await page.locator('[data-testid=chart-compare] .dot').count(), methods.length);

  const order = () => page.locator('[data-testid=compare-table] tbody tr').evaluateAll((rows) => rows.map((r) => r.dataset.method));
  assert.deepEqual(await order(), ['rtb', 'importance', 'dps', 'smc']);
  const lines = (await saved(page, 'compare-csv')).trim().split('\n').map((line) => line.split(','));
  assert.deepEqual(lines.map((line) => line[0]), ['method', 'rtb', 'importance', 'dps', 'smc']);
  assert.ok(lines.every((line) => line.length === lines[0].length));
  const column = lines[0].indexOf('total_variation');
  const byError = lines.slice(1).sort((a, b) => a[column] - b[column]).map((line) => line[0]);
  await id(page, 'sort-total_variation').click();
  assert.deepEqual(await order(), byError);
  assert.deepEqual(await serious(page, '.compare'), []);

  // The page's own run has not moved; a change of it leaves the figures, and says whose they are.
  assert.equal(await iteration(page), 0);
  assert.match(await id(page, 'status').textContent(), /Ready/);
  assert.equal(await id(page, 'compare-old').count(), 0);
  await set(page, 'seed', 5);
  await until('the note', async () => (await id(page, 'compare-old').count()) === 1, 5);

  // Stop is heard between iterations, and what there is by then stays.
  await until('the other run to open', async () => /Ready/.test(await id(page, 'status').textContent()), 20);
  await set(page, 'compare-iterations', 100_000);
  await id(page, 'compare').click();
  await until('RTB to train', async () => (await standing(page, 'rtb')) === 'working'
    && (await id(page, 'card-rtb').locator('dd').count()) > 0, 60);
  const began = Date.now();
  await id(page, 'compare-stop').click();
  await until('the end', ended, 10);
  assert.ok(Date.now() - began < 2500, 'the worker itself heard of it');
  assert.equal(await standing(page, 'rtb'), 'stopped');
  assert.deepEqual(problems, []);
  await page.close();
});

test('settings of one method stand side by side until they are removed', { timeout: 240_000 }, async () => {
  const { page, problems } = await ready(cpu);
  const titles = () => page.locator('.compare [data-testid^=card-]:not(.exact) h3').allTextContents();
  const compare = async (titled) => {
    await id(page, 'compare').click();
    await until(titled.join(), async () => /Ended/.test(await id(page, 'compare-status').textContent())
      && (await titles()).join() === titled.join(), 120);
  };
  await comparable(page, ['rtb', 'dps']);
  await set(page, 'compare-iterations', 2);
  await compare(['RTB', 'DPS']);
  await id(page, 'compare-rtb').uncheck();
  await set(page, 'compare-dps-scale', 2);
  await compare(['RTB', 'DPS · scale 1', 'DPS · scale 2']);
  await id(page, 'compare-dps').uncheck();
  await id(page, 'compare-rtb').check();
  await set(page, 'compare-iterations', 4);
  const all = ['RTB · iterations 2', 'RTB · iterations 4', 'DPS · scale 1', 'DPS · scale 2'];
  await compare(all);

  // In the view, in the file, and with figures of their own; the same once more replaces its own.
  const rows = () => page.locator('[data-testid=compare-table] tbody th').allTextContents();
  assert.deepEqual(await rows(), all);
  assert.equal(await page.locator('[data-testid=chart-compare] .dot').count(), all.length);
  const keys = await page.locator('.plot .key').allTextContents();
  assert.ok(all.every((label, at) => keys[at].startsWith(label)), keys.join());
  const lines = (await saved(page, 'compare-csv')).trim().split('\n').map((line) => line.split(','));
  assert.deepEqual(lines.map((line) => line.slice(0, 2)), [['method', 'settings'],
    ['rtb', 'iterations=2'], ['rtb', 'iterations=4'], ['dps', 'scale=1'], ['dps', 'scale=2']]);
  const column = lines[0].indexOf('mean_log_r');
  assert.notEqual(lines[3][column], lines[4][column], 'two scales, two results');
  await compare(all);
  assert.deepEqual(await serious(page, '.compare'), []);

  // By keyboard; the next button has the focus then, and the last one takes the view along.
  await page.getByRole('button', { name: 'Remove DPS · scale 1' }).focus();
  await page.keyboard.press('Enter');
  await until('it to go', async () => (await titles()).join() === 'RTB · iterations 2,RTB · iterations 4,DPS · scale 2', 5);
  const focused = (name) => until(name, () => page.evaluate((n) => document.activeElement.ariaLabel === n, name), 5);
  await focused('Remove DPS · scale 2');
  await page.keyboard.press('Enter');
  await focused('Remove RTB · iterations 4');
  await page.keyboard.press('Enter');
  await focused('Remove RTB');
  assert.deepEqual(await titles(), ['RTB']);
  await page.keyboard.press('Enter');
  await until('the last one to go', async () => (await titles()).length === 0, 5);
  assert.equal(await id(page, 'compare-table').count(), 0);
  assert.match(await id(page, 'compare-status').textContent(), /Ready to compare/);
  assert.deepEqual(problems, []);
  await page.close();
});

test('methods that cannot be used say why, and a crash of their worker leaves the rest', { timeout: 180_000 }, async () => {
  const { page } = await ready(cpu);
  await comparable(page, ['rejection', 'rtb']);
  // A disc in the empty corner, where prior samples never are.
  await id(page, 'reward-kind').selectOption('formula');
  await set(page, 'formula', 'hypot(x - 12, y + 12) < 0.5');
  await until('the run to open', async () => (await id(page, 'compare').isEnabled()) && (await metric(page, 'log_z_exact')) < -5, 20);
  await set(page, 'compare-rejection-proposals', 1);
  await set(page, 'compare-iterations', 100_000);
  await id(page, 'compare').click();
  await until('RTB to train', async () => (await standing(page, 'rtb')) === 'working', 60);
  // One proposal for a sample, where one in thousands is kept.
  assert.equal(await standing(page, 'rejection'), 'refused');
  assert.match(await id(page, 'card-rejection').textContent(), /too rare under the prior/);
  const worker = await until('its worker', async () => page.workers()[1], 10);
  await worker.evaluate(() => setTimeout(() => { throw new Error('a crash for the test'); }, 0));
  await until('a message', async () => /a crash for the test/.test((await id(page, 'compare-lost').allTextContents()).join()), 20);
  assert.equal(await id(page, 'error').count(), 0);
  await id(page, 'step').click();
  await until('the run to go on', async () => (await iteration(page)) === 1, 20);
  await set(page, 'compare-iterations', 3);
  await id(page, 'compare').click();
  // What was lost stays beside it, under its own number of iterations.
  const standings = () => id(page, 'card-rtb').evaluateAll((cards) => cards.map((c) => c.dataset.standing));
  await until('another comparison', async () => (await standings()).join() === 'done,stopped', 60);
  assert.equal(await id(page, 'compare-lost').count(), 0);
  await page.close();
});

test('learns the energy of the prior', { timeout: 180_000 }, async () => {
  const { page, problems } = await ready(cpu);
  await small(page);
  await page.evaluate(() => { document.querySelector('[data-testid="energy"]').open = true; });
  await id(page, 'energy-start').click();
  const variation = id(page, 'energy-score').locator('[data-figure="tv"]');
  await until('a first density', async () => (await variation.count()) === 1, 60);
  const first = Number(await variation.textContent());
  assert.ok(first >= 0 && first <= 1, `total variation ${first}`);
  await id(page, 'energy-stop').click();
  await until('it to stop', async () => /Idle/.test(await id(page, 'energy-status').textContent()), 30);
  await id(page, 'energy-start').click();
  await until('its worker', async () => page.workers().length === 2, 20);
  await id(page, 'task-digits').click();
  await until('it to go with its task', async () => page.workers().length === 1, 20);
  assert.deepEqual(problems, []);
  await page.close();
});

/** A run of digits small enough for a test. */
const tiny = (more = 'reward = { kind = "classes", classes = [3] }') => fragment(`task = "digits"
${more}
[process]
steps = 4
[rollout]
batch = 4
[training]
iterations = 3
[evaluation]
samples = 100
proposals = 100
samples_while_training = 16
every = 1
`);

/** Whether there is a picture on a canvas, and not just its ground. */
const drawn = (page, canvas) => id(page, canvas).evaluate((c) => {
  const { data } = c.getContext('2d').getImageData(0, 0, c.width, c.height);
  const shades = new Set();
  for (let i = 0; i < data.length; i += 4) shades.add(data[i]);
  return shades.size > 20;
});

const said = (page, canvas) => id(page, canvas).getAttribute('aria-label');

test('digits open by the switch, and only then their weights are fetched', { timeout: 240_000 }, async () => {
  const page = await cpu.newPage();
  const fetched = [];
  page.on('request', (request) => fetched.push(request.url().split('/').pop()));
  await page.goto(site.url);
  await until('the mixtures to open', async () => /Ready/.test(await id(page, 'status').textContent()), 60);
  assert.equal(await id(page, 'task-mixtures').getAttribute('aria-current'), 'page');
  assert.deepEqual(fetched.filter((name) => /safetensors/.test(name)), []);
  await id(page, 'task-digits').click();
  await until('the first preset of digits', async () => (await id(page, 'preset').inputValue()) === 'digit-3', 5);
  assert.equal(await id(page, 'task-digits').getAttribute('aria-current'), 'page');
  assert.ok((await id(page, 'preset').locator('option').count()) >= 8);
  assert.match(await id(page, 'expect').textContent(), /usual processor the remaining \d+ iterations take roughly [\d.]+ minutes, measuring included/);
  await until('the digits to open', async () => /Ready/.test(await id(page, 'status').textContent()), 120);
  await until('the prior’s images', async () => drawn(page, 'prior-canvas'), 5);
  assert.deepEqual(fetched.filter((name) => /safetensors/.test(name)).sort(),
    ['classifier-evaluation.safetensors', 'classifier.safetensors', 'prior-digits.safetensors']);
  await until('the address', async () => /preset=digit-3/.test(page.url()), 5);
  await id(page, 'quicker').click();
  await until('the small prior', async () => fetched.includes('prior-digits-small.safetensors')
    && /Ready/.test(await id(page, 'status').textContent()), 120);
  assert.equal(await id(page, 'prior-network').inputValue(), 'prior-digits-small');
  assert.equal(await id(page, 'quicker').count(), 0);
  assert.doesNotMatch(await id(page, 'expect').textContent(), /small prior/);
  await id(page, 'task-mixtures').click();
  await until('the mixtures again', async () => (await id(page, 'preset').inputValue()) === '25-to-9'
    && /Ready/.test(await id(page, 'status').textContent()), 60);
  await page.close();
});

test('digits train on the CPU worker, and their link restores them', { timeout: 300_000 }, async () => {
  const { page, problems } = await ready(cpu, tiny());
  assert.equal(await id(page, 'task-digits').getAttribute('aria-current'), 'page');
  await id(page, 'time-slider').fill('4');
  await until('the prior’s images', async () => drawn(page, 'prior-canvas'), 5);
  const untrained = await pixels(page, 'learned-canvas');
  assert.equal(untrained, await pixels(page, 'prior-canvas'), 'nothing is trained yet');
  await until('the exact posterior', async () => /kept of all 100/.test(await id(page, 'exact-progress').textContent()), 60);
  assert.ok(await drawn(page, 'exact-canvas'));

  await id(page, 'train').click();
  const gaps = await page.evaluate(() => new Promise((done) => {
    const times = [];
    const frame = (now) => {
      times.push(now);
      if (now - times[0] < 1500) requestAnimationFrame(frame);
      else done(times.slice(1).map((time, at) => time - times[at]).sort((a, b) => a - b));
    };
    requestAnimationFrame(frame);
  }));
  assert.ok(gaps[gaps.length >> 1] < 20, `${gaps[gaps.length >> 1]} ms between two frames while training`);
  await until('all iterations', async () => /Finished/.test(await id(page, 'status').textContent()), 120);
  await until('the learned images to move', async () => (await pixels(page, 'learned-canvas')) !== untrained, 5);
  assert.match(await said(page, 'learned-canvas'), /iteration 3, mean log r −/);
  for (const key of ['log_z_importance', 'log_z_exact', 'log_z_exact_error', 'log_reward', 'log_reward_exact', 'ess', 'diversity', 'accuracy', 'accuracy_exact']) {
    assert.ok(Number.isFinite(await metric(page, key)), key);
  }
  assert.match(await id(page, 'caution').textContent(), /Few images/);
  assert.match(await said(page, 'classes'), /Learned: 0 \d+ %.*Exact: 0 \d+ %/);
  assert.doesNotMatch(await id(page, 'expect').textContent(), /remaining/);

  // Each chosen among several, and as they were.
  const own = await pixels(page, 'learned-canvas');
  await id(page, 'choose').click();
  await until('the chosen images', async () => /iteration 3, 1 kept of every 8 drawn, mean log r −/.test(await said(page, 'learned-canvas')), 60);
  assert.notEqual(await pixels(page, 'learned-canvas'), own);
  const number = async (key) => Number(await id(page, `chosen-${key}`).getAttribute('data-value'));
  assert.ok(await number('log_reward') > await metric(page, 'log_reward'), 'the chosen ones are better');
  assert.ok(Number.isFinite(await number('accuracy')) && await number('accuracy') > 0);
  assert.equal(await id(page, 'chosen-ess').textContent(), '');
  await id(page, 'choose').click();
  await until('the images as they were', async () => (await pixels(page, 'learned-canvas')) === own, 60);
  assert.equal(await id(page, 'chosen-log_reward').count(), 0);

  // Back in training, and along the way of another image.
  await id(page, 'history-slider').fill('0');
  await until('the untrained images', async () => (await pixels(page, 'learned-canvas')) === untrained, 5);
  await id(page, 'time-slider').fill('0');
  await until('noise', async () => (await pixels(page, 'learned-canvas')) !== untrained, 5);
  const way = await pixels(page, 'prior-way');
  await id(page, 'prior-canvas').focus();
  await page.keyboard.press('ArrowRight');
  await until('another way', async () => (await pixels(page, 'prior-way')) !== way, 5);
  assert.match(await said(page, 'prior-way'), /image 2 /);
  const box = await id(page, 'learned-canvas').boundingBox();
  await page.mouse.click(box.x + 0.5 * box.width / 6, box.y + 1.5 * box.height / 6);
  await until('the image under the pointer', async () => /image 7 /.test(await said(page, 'learned-way')), 5);

  for (const [button, kind] of [['save-picture', 'PNG'], ['save-samples', 'PNG']]) {
    const [file] = await Promise.all([page.waitForEvent('download'), id(page, button).click()]);
    assert.equal(readFileSync(await file.path()).subarray(1, 4).toString(), kind, button);
  }

  const [file] = await Promise.all([page.waitForEvent('download'), id(page, 'save-weights').click()]);
  const weights = join(mkdtempSync(join(tmpdir(), 'rtb-digits-')), 'digits.safetensors');
  await file.saveAs(weights);
  await id(page, 'reset').click();
  await until('the reset', async () => (await iteration(page)) === 0, 30);
  await id(page, 'file-input').setInputFiles(weights);
  await until('the saved posterior', async () => (await iteration(page)) === 3, 60);

  // Another class; the run is in the address.
  await id(page, 'reward-class-5').click();
  await id(page, 'reward-class-3').click();
  await until('the other run', async () => /Ready/.test(await id(page, 'status').textContent()) && (await iteration(page)) === 0, 60);
  await until('its address', async () => page.url() !== site.url + tiny() && !/#$/.test(page.url()), 5);
  await new Promise((next) => setTimeout(next, 500));
  const again = await ready(cpu, page.url().slice(site.url.length));
  assert.equal(await id(again.page, 'task-digits').getAttribute('aria-current'), 'page');
  assert.equal(await id(again.page, 'reward-class-5').getAttribute('aria-pressed'), 'true');
  assert.equal(await id(again.page, 'reward-class-3').getAttribute('aria-pressed'), 'false');
  assert.deepEqual([...problems, ...again.problems], []);
  for (const p of [page, again.page]) await p.close();
});

test('a network that fails is called that, and waits for the user', { timeout: 240_000 }, async () => {
  const { page } = await ready(cpu, tiny());
  const asked = [];
  const answer = async (how) => {
    await page.unroute('**/assets/*');
    asked.length = 0;
    await page.route('**/assets/*', (route) => (asked.push(route.request().url()), how(route)));
  };
  await answer((route) => route.abort());
  const worker = page.workers()[0];
  await worker.evaluate(() => setTimeout(() => { throw new Error('a crash for the test'); }, 0));
  const failed = async () => /cannot be downloaded: the network failed/.test(await errors(page));
  await until('the network to be named', failed, 30);
  assert.match(await id(page, 'status').textContent(), /Waiting for the network/);
  await new Promise((next) => setTimeout(next, 1000));
  assert.equal(asked.length, 1, 'nothing tries again by itself');
  await id(page, 'try-again').click();
  await until('another attempt', async () => asked.length === 2 && (await failed()), 10);
  await answer((route) => route.continue());
  await id(page, 'train').click();
  await until('training, as it was asked', async () => /Training|Finished/.test(await id(page, 'status').textContent()), 60);
  assert.equal(await id(page, 'error').count(), 0);

  // Weights that are gone are refused, and their run is not gone back to.
  await answer((route) => route.fulfill({ status: 404 }));
  await page.workers()[0].evaluate(() => setTimeout(() => { throw new Error('a crash for the test'); }, 0));
  await until('the first preset', async () => (await id(page, 'preset').inputValue()) === '25-to-9'
    && /Ready/.test(await id(page, 'status').textContent()), 60);
  assert.match(await errors(page), /the name of weights that this page provides/);
  assert.equal(asked.length, 2, 'the run, and the run to go back to');
  await page.close();
});

test('what stands still is told of and tried again', { timeout: 120_000 }, async () => {
  const held = [];
  const hold = (route) => held.push(route);
  // A clock that is moved is that of all pages of a browser.
  const alone = await browse();
  const page = await alone.newPage();
  await page.clock.install();
  await page.route('**/worker-cpu_bg.wasm*', hold);
  await page.goto(site.url + tiny());
  await until('the worker to be fetched', async () => held.length === 1, 20);
  await page.clock.fastForward(31_000);
  await until('the reason', async () => /has not loaded within 30 s/.test(await errors(page)), 10);
  await id(page, 'try-again').click();
  await until('another worker to be fetched', async () => held.length === 2 && (await errors(page)) === '', 20);
  await page.clock.fastForward(31_000);
  await until('the reason', async () => /has not loaded within 30 s/.test(await errors(page)), 10);
  // A worker that comes late is taken, and what was said of its delay leaves.
  await page.route('**/assets/*', hold);
  for (const route of held.splice(0)) route.continue().catch(() => {});
  await until('the weights to be fetched', async () => held.length === 1, 20);
  await until('the reason to leave', async () => (await errors(page)) === '', 10);
  await page.clock.fastForward(31_000);
  await until('the reason', async () => /cannot be downloaded: nothing came for 30 s/.test(await errors(page)), 10);
  await page.unroute('**/assets/*');
  await id(page, 'try-again').click();
  await until('the run to open', async () => /Ready/.test(await id(page, 'status').textContent()), 60);
  assert.equal(await errors(page), '');
  await alone.close();
});

test('one network holds a posterior for every class', { timeout: 240_000 }, async () => {
  const { page, problems } = await ready(cpu, tiny('reward = { kind = "each_class", classes = [1, 7] }'));
  assert.equal(await id(page, 'reward-kind').inputValue(), 'each_class');
  assert.equal(await id(page, 'reward-by').count(), 0);
  await until('the exact posterior', async () => /kept of all 100/.test(await id(page, 'exact-progress').textContent()), 60);
  await id(page, 'train').click();
  await until('all iterations', async () => /Finished/.test(await id(page, 'status').textContent()), 120);
  for (const cell of ['class-1-accuracy', 'class-7-log_reward', 'class-7-log_z_exact']) {
    await until(cell, async () => /^[−\d.]+$/.test(await id(page, cell).textContent()), 5);
  }
  // The first half of the grid is asked for a 1, the second for a 7.
  const panel = page.locator('figure').filter({ has: id(page, 'learned-canvas') });
  assert.match(await panel.textContent(), /1: asked for 1, log r/);
  const box = await id(page, 'learned-canvas').boundingBox();
  await page.mouse.click(box.x + 5.5 * box.width / 6, box.y + 5.5 * box.height / 6);
  await until('what is asked of the last', async () => /36: asked for 7, log r/.test(await panel.textContent()), 5);

  // Three classes are too many for a batch of 4, two others are another run.
  await id(page, 'reward-class-3').click();
  await until('the refusal', async () => /Batch size/.test((await id(page, 'reward-classes-error').allTextContents()).join()), 5);
  assert.equal(await id(page, 'reward-class-3').getAttribute('aria-pressed'), 'false');
  await id(page, 'reward-class-7').click();
  await until('the other run', async () => /Ready/.test(await id(page, 'status').textContent()) && (await iteration(page)) === 0, 60);
  assert.equal(await id(page, 'reward-classes-error').count(), 0);
  // A product is of one posterior.
  await id(page, 'reward-kind').selectOption('all');
  await until('the product', async () => (await id(page, 'part-0-kind').count()) === 1, 5);
  assert.equal(await id(page, 'part-0-kind').locator('option[value=each_class]').count(), 0);
  assert.deepEqual(problems, []);
  await page.close();
});

test('a constraint is painted by pointer and by keys', { timeout: 240_000 }, async () => {
  const { page, problems } = await ready(cpu, tiny());
  await id(page, 'reward-kind').selectOption('inpaint');
  await id(page, 'paint-clear').click();
  const known = async () => Number(/(\d+) of them known/.exec(await said(page, 'reward-canvas'))?.[1]);
  await until('the empty canvas', async () => (await known()) === 4, 5);
  const box = await id(page, 'reward-canvas').boundingBox();
  const at = (x, y) => [box.x + (x / 28) * box.width, box.y + (y / 28) * box.height];
  await page.mouse.move(...at(8, 10));
  await page.mouse.down();
  await page.mouse.move(...at(18, 10), { steps: 6 });
  await page.mouse.up();
  const painted = await until('a stroke', async () => (await known()) > 20 && known(), 5);
  await id(page, 'paint-paper').click();
  await id(page, 'reward-canvas').focus();
  await page.keyboard.press('ArrowDown');
  for (let i = 0; i < 5; i += 1) await page.keyboard.press('ArrowDown');
  await page.keyboard.press(' ');
  const both = await until('paper by key', async () => (await known()) > painted && known(), 5);
  await page.keyboard.press('Backspace');
  await until('it freed again', async () => (await known()) < both, 5);
  await until('the painted run to open', async () => /Ready/.test(await id(page, 'status').textContent()), 60);
  assert.ok(await drawn(page, 'prior-canvas'));
  await new Promise((next) => setTimeout(next, 500));
  const again = await ready(cpu, page.url().slice(site.url.length));
  assert.equal(await said(again.page, 'reward-canvas'), await said(page, 'reward-canvas'));
  await id(page, 'step').click();
  await until('one iteration', async () => (await iteration(page)) === 1, 60);
  assert.deepEqual([...problems, ...again.problems], []);
  for (const p of [page, again.page]) await p.close();
});

test('methods are compared on digits', { timeout: 300_000 }, async () => {
  const { page, problems } = await ready(cpu, tiny());
  await page.evaluate(() => document.querySelectorAll('details').forEach((d) => (d.open = true)));
  for (const box of await page.locator('.compare input[type=checkbox]').all()) {
    await box.setChecked(['compare-rtb', 'compare-importance'].includes(await box.getAttribute('data-testid')));
  }
  await set(page, 'compare-samples', 36);
  await set(page, 'compare-iterations', 1);
  await id(page, 'compare').click();
  await until('the comparison', async () => /Ended/.test(await id(page, 'compare-status').textContent()), 200);
  for (const method of ['rtb', 'importance']) {
    assert.equal(await standing(page, method), 'done', await id(page, `card-${method}`).textContent());
    assert.ok(Number.isFinite(Number((await id(page, `card-${method}`).locator('[data-figure=mean_log_r]').textContent()).replace('−', '-'))), method);
  }
  assert.equal(await id(page, 'energy').count(), 0);
  assert.deepEqual(problems, []);
  await page.close();
});

/** A run of a generator small enough for a test. */
const latent = (more = 'reward = { kind = "classes", classes = [3] }', { iterations = 30, weights = 'vae-digits-2' } = {}) => fragment(`task = "latents"
prior = { kind = "decoder", weights = "${weights}" }
${more}
[process]
steps = 8
[network]
width = 16
[rollout]
batch = 64
[training]
iterations = ${iterations}
[evaluation]
samples = 200
proposals = 400
samples_while_training = 200
every = 10
`);

test('latents train on the CPU worker beside quadrature, and their link restores them', { timeout: 300_000 }, async () => {
  const { page, problems } = await ready(cpu, latent());
  assert.equal(await id(page, 'task-latents').getAttribute('aria-current'), 'page');
  await id(page, 'time-slider').fill('8');
  for (const canvas of ['prior-canvas', 'reward-canvas', 'learned-canvas', 'exact-canvas', 'prior-images', 'learned-images']) {
    await until(canvas, async () => drawn(page, canvas), 10);
  }
  assert.match(await said(page, 'exact-canvas'), /by quadrature; log Z is −\d/);
  const [plane, images] = [await pixels(page, 'learned-canvas'), await pixels(page, 'learned-images')];
  assert.equal(images, await pixels(page, 'prior-images'), 'nothing is trained yet');
  await until('the exact images', async () => /kept of all 400/.test(await id(page, 'exact-progress').textContent()), 60);

  await id(page, 'train').click();
  await until('all iterations', async () => /Finished/.test(await id(page, 'status').textContent()), 120);
  await until('the learned density to move', async () => (await pixels(page, 'learned-canvas')) !== plane, 5);
  assert.notEqual(await pixels(page, 'learned-images'), images);
  for (const key of ['log_z_importance', 'log_z_exact', 'log_z_exact_error', 'total_variation', 'total_variation_floor', 'kl', 'log_reward', 'ess', 'accuracy']) {
    assert.ok(Number.isFinite(await metric(page, key)), key);
  }
  assert.ok(await metric(page, 'total_variation') > await metric(page, 'total_variation_floor') / 2);
  assert.match(await said(page, 'learned-canvas'), /iteration 30: total variation 0\.\d/);
  assert.equal(await id(page, 'beside').textContent(), 'Exact');

  // A place under the pointer shows its digit, a sample its way; arrows go from sample to sample.
  const still = await pixels(page, 'prior-canvas');
  const box = await id(page, 'prior-canvas').boundingBox();
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 3);
  await until('the lens', async () => (await pixels(page, 'prior-canvas')) !== still, 5);
  await page.mouse.move(box.x + box.width / 2, box.y - 200);
  await until('the plane as it was', async () => (await pixels(page, 'prior-canvas')) === still, 5);
  await id(page, 'prior-canvas').focus();
  await page.keyboard.press('ArrowRight');
  await until('the way of the next sample', async () => /image 2 /.test(await said(page, 'prior-way')), 5);
  const before = await pixels(page, 'learned-canvas');
  await id(page, 'prior-images').focus();
  await page.keyboard.press('ArrowRight');
  await until('its trajectory on the plane', async () => (await pixels(page, 'learned-canvas')) !== before, 5);
  assert.match(await said(page, 'prior-way'), /image 3 /);

  for (const button of ['save-picture', 'save-samples']) {
    const [file] = await Promise.all([page.waitForEvent('download'), id(page, button).click()]);
    assert.equal(readFileSync(await file.path()).subarray(1, 4).toString(), 'PNG', button);
  }
  await id(page, 'reward-class-5').click();
  await id(page, 'reward-class-3').click();
  await until('the other run', async () => /Ready/.test(await id(page, 'status').textContent()) && (await iteration(page)) === 0, 60);
  await until('its exact posterior', async () => drawn(page, 'exact-canvas'), 10);
  await new Promise((next) => setTimeout(next, 500));
  const again = await ready(cpu, page.url().slice(site.url.length));
  assert.equal(await id(again.page, 'task-latents').getAttribute('aria-current'), 'page');
  assert.equal(await id(again.page, 'reward-class-5').getAttribute('aria-pressed'), 'true');
  assert.equal(await id(again.page, 'prior-network').inputValue(), 'vae-digits-2');
  assert.equal(await id(again.page, 'batch').inputValue(), '64');
  assert.deepEqual([...problems, ...again.problems], []);
  for (const p of [page, again.page]) await p.close();
});

test('half a digit is painted, and the plane shows where it is', { timeout: 240_000 }, async () => {
  const { page, problems } = await ready(cpu, '#preset=latents-inpaint');
  const known = async () => Number(/(\d+) of them known/.exec(await said(page, 'reward-images'))?.[1]);
  await until('the arch', async () => (await known()) > 40, 5);
  await id(page, 'time-slider').fill('32');
  await until('the plane', async () => drawn(page, 'reward-canvas'), 10);
  const exact = await pixels(page, 'exact-canvas');
  await id(page, 'paint-clear').click();
  await until('the empty canvas', async () => (await known()) === 4, 5);
  await id(page, 'reward-images').scrollIntoViewIfNeeded();
  const box = await id(page, 'reward-images').boundingBox();
  const at = (x, y) => [box.x + (x / 28) * box.width, box.y + (y / 28) * box.height];
  await page.mouse.move(...at(14, 5));
  await page.mouse.down();
  await page.mouse.move(...at(14, 22), { steps: 6 });
  await page.mouse.up();
  await until('a stroke', async () => (await known()) > 20, 5);
  await until('the painted run to open', async () => /Ready/.test(await id(page, 'status').textContent()), 60);
  await until('another posterior', async () => (await drawn(page, 'exact-canvas')) && (await pixels(page, 'exact-canvas')) !== exact, 10);
  assert.deepEqual(problems, []);
  await page.close();
});

test('every class has its place on the plane, and twelve latents have no plane', { timeout: 240_000 }, async () => {
  const { page, problems } = await ready(cpu, latent('reward = { kind = "each_class", classes = [1, 7] }', { iterations: 2 }));
  await id(page, 'time-slider').fill('8');
  await until('the plane', async () => drawn(page, 'exact-canvas'), 10);
  const all = await pixels(page, 'exact-canvas');
  await id(page, 'shown-7').click();
  await until('that of sevens', async () => (await pixels(page, 'exact-canvas')) !== all, 5);
  assert.equal(await id(page, 'shown-7').getAttribute('aria-pressed'), 'true');
  await id(page, 'shown-all').click();
  await until('all of them', async () => id(page, 'shown-all').getAttribute('aria-pressed'), 5);
  await id(page, 'train').click();
  await until('all iterations', async () => /Finished/.test(await id(page, 'status').textContent()), 120);
  for (const cell of ['class-1-accuracy', 'class-7-log_z_exact']) {
    await until(cell, async () => /^[−\d.]+$/.test(await id(page, cell).textContent()), 5);
  }
  await page.evaluate(() => document.querySelectorAll('details').forEach((d) => (d.open = true)));
  await id(page, 'prior-network').selectOption('vae-digits-12');
  await until('the other generator', async () => /Ready/.test(await id(page, 'status').textContent()) && (await iteration(page)) === 0, 60);
  await until('its images', async () => drawn(page, 'prior-canvas'), 10);
  assert.equal(await id(page, 'prior-images').count(), 0);
  await id(page, 'step').click();
  await until('one iteration', async () => (await iteration(page)) === 1, 60);
  assert.deepEqual(problems, []);
  await page.close();
});

/** A run of points small enough for a test. */
const bent = (more = '', { steps = 20, samples = 2000 } = {}) => fragment(`task = "points"
${more || `[reward]
kind = "formula"
expression = "-4*(x2 - x1^2)^2 - x1^2/8"
logarithm = true
`}
[process]
steps = ${steps}
[network]
width = 32
[rollout]
batch = 128
[training]
iterations = 150
[optimizer]
learning_rate = 0.005
[evaluation]
proposals = 5000
samples_while_training = ${samples}
`);

test('points train on the CPU worker until their marginals are near the exact ones', { timeout: 300_000 }, async () => {
  const { page, problems } = await ready(cpu);
  await id(page, 'task-points').click();
  await until('the bent ridge', async () => (await id(page, 'preset').inputValue()) === 'banana'
    && /Ready/.test(await id(page, 'status').textContent()), 60);
  assert.match(await id(page, 'truth').textContent(), /quadrature/);
  await page.goto(site.url + bent());
  await until('the small run', async () => (await id(page, 'steps').inputValue()) === '20'
    && /Ready/.test(await id(page, 'status').textContent()), 60);
  const mean = async (name, of) => Number(await id(page, `marginal-${name}-${of}`).getAttribute('data-value'));
  const untrained = await pixels(page, 'corner-canvas');
  assert.equal(await mean('x2', 'learned'), await mean('x2', 'prior'), 'nothing is trained yet');
  await id(page, 'train').click();
  await until('all iterations', async () => /Finished/.test(await id(page, 'status').textContent()), 200);
  await until('its last figures', async () => (await metric(page, 'iterations')) === 150, 30);
  assert.ok((await metric(page, 'marginal_error')) < 0.2, `marginals are ${await metric(page, 'marginal_error')} apart`);
  assert.ok(Math.abs((await metric(page, 'log_z_importance')) - (await metric(page, 'log_z_exact'))) < 0.1);
  assert.ok(Math.abs((await mean('x2', 'learned')) - (await mean('x2', 'exact'))) < 0.1);
  for (const key of ['correlation_error', 'ess', 'eubo', 'log_z_exact_error', 'evaluations']) {
    assert.ok(Number.isFinite(await metric(page, key)), key);
  }
  await id(page, 'time-slider').fill('20');
  const trained = await pixels(page, 'corner-canvas');
  assert.notEqual(trained, untrained);
  await id(page, 'history-slider').fill('0');
  await until('the prior again', async () => (await pixels(page, 'corner-canvas')) !== trained, 5);
  assert.match(await id(page, 'corner-canvas').getAttribute('aria-label'), /^Corner plot of x1: prior .*, learned .*, exact .*; x2: prior/);
  const samples = (await saved(page, 'save-samples')).trim().split('\n');
  assert.equal(samples[0], 'x1,x2');
  assert.equal(samples.length, 10_001);

  await page.evaluate(() => document.querySelectorAll('details').forEach((d) => (d.open = true)));
  for (const box of await page.locator('.compare input[type=checkbox]').all()) {
    await box.setChecked(await box.getAttribute('data-testid') === 'compare-importance');
  }
  await set(page, 'compare-samples', 500);
  await id(page, 'compare').click();
  await until('the comparison', async () => /Ended/.test(await id(page, 'compare-status').textContent()), 100);
  const error = await id(page, 'card-importance').locator('[data-figure=marginal_error]').textContent();
  assert.ok(Number(error) < 0.3, `importance resampling is ${error} apart`);
  assert.deepEqual(problems, []);
  await page.close();
});

test('a formula, names and laws of coordinates are edited where they stand, and links keep them', { timeout: 180_000 }, async () => {
  const { page, problems } = await ready(cpu, bent());
  await page.evaluate(() => document.querySelectorAll('details').forEach((d) => (d.open = true)));
  const exact = async (name) => {
    const cell = id(page, `marginal-${name}-exact`);
    return (await cell.count()) ? Number((await cell.getAttribute('data-value')) ?? NaN) : NaN;
  };
  // N(0, 1) times exp(−8(x − 1)²) has the mean 16/17.
  await id(page, 'reward-expression').fill('-8*(x1 - 1)^2');
  await until('another posterior', async () => Math.abs((await exact('x1')) - 16 / 17) < 0.03 && Math.abs(await exact('x2')) < 0.08, 30);
  await id(page, 'reward-expression').fill('-8*(x1 - y)^2');
  await until('the refusal', async () => /^Formula: .*`y`/.test((await id(page, 'reward-expression-error').allTextContents()).join()), 5);
  await id(page, 'reward-expression').fill('-8*(x1 - 1)^2');
  await until('it to go', async () => (await id(page, 'reward-expression-error').count()) === 0, 5);
  // The formula goes with the name, and keeps the coordinate.
  await id(page, 'prior-name').fill('mu');
  await until('the name in the formula', async () => (await id(page, 'reward-expression').inputValue()) === '-8*(mu - 1)^2', 5);
  await id(page, 'prior-remove').click();
  await until('the reason', async () => /`mu`/.test((await id(page, 'prior-list-error').allTextContents()).join()), 5);
  await id(page, 'prior-add').click();
  await until('the new one', async () => (await id(page, 'prior-name').inputValue()) === 'x1', 5);
  await id(page, 'prior-family').selectOption('exponential');
  await set(page, 'prior-rate', 0.5);
  await until('its law', async () => Math.abs((await exact('x1')) - 2) < 0.4 && Math.abs((await exact('mu')) - 16 / 17) < 0.05, 30);
  await id(page, 'reward-kind').selectOption('product');
  await id(page, 'part-1-expression').fill('-x1');
  // exp(−x/2) times exp(−x) has the mean 2/3.
  await until('both factors', async () => Math.abs((await exact('x1')) - 2 / 3) < 0.15, 30);
  await set(page, 'prior-rate', -1);
  await until('the refusal', async () => /Rate: -1 for `x1` is not allowed/.test((await id(page, 'prior-rate-error').allTextContents()).join()), 5);
  await new Promise((next) => setTimeout(next, 500));
  const again = await ready(cpu, page.url().slice(site.url.length));
  assert.equal(await id(again.page, 'part-0-expression').inputValue(), '-8*(mu - 1)^2');
  assert.equal(await id(again.page, 'prior-coordinate').locator('option').last().textContent(), 'x1: exponential (0.5)');

  // What needs a file or a program needs the native one.
  const [natives, refused] = [[
    ['[reward]\nkind = "command"\nrun = ["python3", "likelihood.py"]', /reward\.run: .*native program/],
    ['[reward]\nkind = "formula"\nexpression = "-x1^2"\n[prior]\nkind = "learned"\nweights = "prior.safetensors"', /prior\.weights: .*native program/],
  ], []];
  for (const [toml, says] of natives) {
    const native = await ready(cpu, bent(toml));
    await until('the refusal', async () => says.test(await errors(native.page)), 20);
    refused.push(...native.problems);
    await native.page.close();
  }
  assert.deepEqual([...problems, ...again.problems, ...refused], []);
  for (const p of [page, again.page]) await p.close();
});

test('up to eight of many coordinates are shown, by choice, and a mixture is edited as lists', { timeout: 120_000 }, async () => {
  const clusters = (means) => bent(`[reward]
kind = "formula"
expression = "-abs(x2)/4"
logarithm = true
[prior]
kind = "mixture"
components = [${means.map((mean) => `{ mean = [${mean}], variances = [${mean.map(() => 0.5)}] }`)}]
`);
  const ten = Array.from({ length: 10 }, (_, at) => at % 2);
  const { page, problems } = await ready(cpu, clusters([ten, ten.map((x) => -2 * x)]));
  await page.evaluate(() => document.querySelectorAll('details').forEach((d) => (d.open = true)));
  const label = () => id(page, 'corner-canvas').getAttribute('aria-label');
  assert.match(await label(), /^Corner plot of x1:.*x5:[^:]*$/);
  await id(page, 'show-x1').click();
  await id(page, 'show-x9').focus();
  await page.keyboard.press('Enter');
  await until('others', async () => /^Corner plot of x2:.*x9:[^:]*$/.test(await label()), 5);
  for (const at of [6, 7, 8]) await id(page, `show-x${at}`).click();
  await until('no room for more', async () => id(page, 'show-x1').isDisabled(), 5);
  assert.equal(await id(page, 'marginal-x10-exact').count(), 1);

  await id(page, 'prior-mean').fill('1, 2');
  await until('too few numbers', async () => /10|coordinate/.test((await id(page, 'prior-mean-error').allTextContents()).join()), 5);
  await id(page, 'prior-names').fill('a, x2, b');
  await until('three coordinates', async () => (await id(page, 'marginal-b-exact').count()) === 1 && (await id(page, 'marginal-x10-exact').count()) === 0, 10);
  assert.equal(await id(page, 'prior-mean').inputValue(), '0, 1, 0');
  await id(page, 'prior-kind').selectOption('marginals');
  await until('a law for each', async () => (await id(page, 'prior-coordinate').locator('option').count()) === 3, 5);
  await until('the run to open', async () => /Ready/.test(await id(page, 'status').textContent()), 20);
  assert.deepEqual(problems, []);
  await page.close();
});

/** A run on stories small enough for a test. */
const story = (more = 'reward = { kind = "mention", words = ["the"], penalty = 3.0 }', steps = 3) => fragment(`task = "stories"
${more}
[story]
beginning = "Tom was walking home from school."
ending = ""
[process]
steps = ${steps}
[rollout]
batch = 4
[training]
iterations = 3
[evaluation]
samples = 100
proposals = 100
samples_while_training = 16
`);

const lines = (page, list) => id(page, list).locator('.said').allTextContents();

test('stories train on the CPU worker, and their link restores them', { timeout: 300_000 }, async () => {
  const { page, problems } = await ready(cpu, story());
  assert.equal(await id(page, 'task-stories').getAttribute('aria-current'), 'page');
  await until('the untrained middles', async () => (await lines(page, 'learned-canvas')).length === 8, 60);
  await id(page, 'time-slider').fill('3');
  await until('whole words', async () => !(await lines(page, 'prior-canvas')).join().includes('▢'), 5);
  assert.deepEqual(await lines(page, 'learned-canvas'), await lines(page, 'prior-canvas'), 'nothing is trained yet');
  await until('the exact posterior', async () => /100 of 100 middles/.test(await id(page, 'exact-progress').textContent()), 60);
  assert.equal((await lines(page, 'exact-canvas')).length, 8);

  await id(page, 'train').click();
  await until('all iterations', async () => /Finished/.test(await id(page, 'status').textContent()), 120);
  for (const key of ['log_z_importance', 'log_z_exact', 'log_z_exact_error', 'log_reward', 'log_reward_exact', 'ess', 'distinct', 'distinct_prior', 'words', 'words_exact']) {
    assert.ok(Number.isFinite(await metric(page, key)), key);
  }
  assert.ok((await id(page, 'learned-canvas').locator('.more, .less').count()) > 8, 'words were moved');
  assert.doesNotMatch(await id(page, 'expect').textContent(), /remaining/);

  // All is masked at first; another middle stands in its story.
  const end = await id(page, 'middle-learned').textContent();
  await id(page, 'time-slider').fill('0');
  await until('masks', async () => /^(\s*▢)+$/.test((await lines(page, 'learned-canvas'))[0]), 5);
  await id(page, 'time-slider').fill('3');
  await id(page, 'prior-canvas').locator('button').nth(4).click();
  await until('another middle', async () => (await id(page, 'middle-learned').textContent()) !== end, 5);
  assert.ok((await id(page, 'middle-prior').textContent()).includes((await lines(page, 'prior-canvas'))[4].trim()));

  const middles = (await saved(page, 'save-samples')).trim().split('\n');
  assert.equal(middles.length, 50);
  assert.ok(middles.every((middle) => /^[^▢<]+$/.test(middle)), middles.join(' | '));

  // Another beginning is another run, in the address; too long a one is refused where it stands.
  await id(page, 'story-beginning').fill('Amy had a zebraphone.');
  await until('the unknown word', async () => /zebraphone/.test((await id(page, 'unknown-words').allTextContents()).join()), 60);
  await until('the other run', async () => /Ready/.test(await id(page, 'status').textContent()) && (await iteration(page)) === 0, 60);
  await until('its address', async () => page.url() !== site.url + story(), 5);
  await id(page, 'story-beginning').fill('so '.repeat(60));
  await until('the refusal', async () => /story\.beginning.*60 words.*at most 40/.test(await errors(page)), 30);
  await until('the story before', async () => (await id(page, 'story-beginning').inputValue()) === 'Amy had a zebraphone.', 30);
  await set(page, 'reward-words', 'zebraphone');
  await until('the refused word', async () => /`zebraphone`/.test(await errors(page)), 30);
  await until('the words before', async () => (await id(page, 'reward-words').inputValue()) === 'the', 30);
  assert.match(await id(page, 'reward-words-error').textContent(), /Words to mention: `zebraphone`/);
  await set(page, 'reward-words', 'the ');
  await until('the refusal to go', async () => (await id(page, 'reward-words-error').count()) === 0, 5);
  assert.equal(await id(page, 'error').count(), 0);
  await new Promise((next) => setTimeout(next, 500));
  const again = await ready(cpu, page.url().slice(site.url.length));
  assert.equal(await id(again.page, 'story-beginning').inputValue(), 'Amy had a zebraphone.');
  assert.deepEqual([...problems, ...again.problems], []);
  for (const p of [page, again.page]) await p.close();
});

test('the network that is the prior is chosen, and the link keeps it', { timeout: 300_000 }, async () => {
  const { page, problems } = await ready(cpu, tiny());
  await id(page, 'time-slider').fill('4');
  await until('the prior’s images', async () => drawn(page, 'prior-canvas'), 5);
  const small = await pixels(page, 'prior-canvas');
  await page.evaluate(() => document.querySelectorAll('details').forEach((d) => (d.open = true)));
  await id(page, 'prior-network').selectOption('prior-digits-pixels');
  await until('other images', async () => (await drawn(page, 'prior-canvas')) && (await pixels(page, 'prior-canvas')) !== small, 30);
  await id(page, 'train').click();
  await until('all iterations', async () => /Finished/.test(await id(page, 'status').textContent()), 120);
  await page.close();

  const stories = await ready(cpu, story());
  const causal = stories.page;
  await until('a step of three', async () => (await id(causal, 'time-slider').getAttribute('max')) === '3', 30);
  await causal.evaluate(() => document.querySelectorAll('details').forEach((d) => (d.open = true)));
  assert.match(await id(causal, 'expect').textContent(), /the causal prior/);
  await id(causal, 'prior-network').selectOption('reward-stories');
  const stepAPlace = (page) => until('a step a place', async () => (await id(page, 'time-slider').getAttribute('max')) === '16', 60);
  await stepAPlace(causal);
  await id(causal, 'time-slider').fill('2');
  assert.doesNotMatch(await id(causal, 'expect').textContent(), /the causal prior/);
  await until('two words', async () => (await lines(causal, 'prior-canvas')).every((line) => /^\s*[^▢\s]+\s[^▢\s]+(\s*▢){14}$/.test(line)), 5);
  await id(causal, 'time-slider').fill('16');
  await until('whole middles', async () => !(await lines(causal, 'prior-canvas')).join().includes('▢'), 5);
  const middles = await lines(causal, 'prior-canvas');
  await new Promise((next) => setTimeout(next, 500));
  const again = await ready(cpu, causal.url().slice(site.url.length));
  assert.equal(await id(again.page, 'prior-network').inputValue(), 'reward-stories');
  await stepAPlace(again.page);
  await id(again.page, 'time-slider').fill('16');
  await until('the same middles', async () => (await lines(again.page, 'prior-canvas')).join() === middles.join(), 30);
  assert.deepEqual([...problems, ...stories.problems, ...again.problems], []);
  for (const p of [causal, again.page]) await p.close();
});

test('a language model unlearns its favourite numbers', { timeout: 300_000 }, async () => {
  const { page, problems } = await ready(cpu, story());
  await page.evaluate(() => { document.querySelector('[data-testid="numbers"]').open = true; });
  await id(page, 'numbers-start').click();
  const figure = async (model, name) => {
    const said = await id(page, `numbers-${model}`).locator(`[data-figure="${name}"]`).allTextContents();
    return said.length ? Number(said[0].replace('−', '-')) : NaN;
  };
  await until('a trained prior', async () => (await figure('prior', 'iterations')) === 500, 120);
  const before = await figure('prior', 'kl');
  assert.ok(before > 0.5 && before < 1.2, `KL of the prior ${before}`);
  assert.match(await id(page, 'numbers-prior').locator('svg').getAttribute('aria-label'), /most often 42 with/);
  assert.equal(await id(page, 'numbers-prior').locator('rect').count(), 101);
  // Half of the way is enough to see it go, and a lesson can be broken off.
  await until('the posterior', async () => (await figure('posterior', 'kl')) < before / 4, 200);
  await id(page, 'numbers-stop').click();
  await until('it to stop', async () => /Idle/.test(await id(page, 'numbers-status').textContent()), 30);
  assert.deepEqual(problems, []);
  await page.close();
});

test('rewards of stories are chosen, and an ending is one', { timeout: 240_000 }, async () => {
  const { page, problems } = await ready(cpu, story());
  for (const [kind, field] of [['length', 'reward-target'], ['distinct', 'reward-penalty'], ['all', 'part-0-kind'], ['mention', 'reward-words']]) {
    await id(page, 'reward-kind').selectOption(kind);
    await until(kind, async () => (await id(page, field).count()) === 1 && /Ready/.test(await id(page, 'status').textContent()), 60);
  }
  // Nobody can ask how well nothing follows.
  await id(page, 'reward-kind').selectOption('ending');
  await until('the refusal', async () => /story\.ending/.test((await id(page, 'reward-kind-error').allTextContents()).join()), 5);
  await id(page, 'story-ending').fill('He took the dog home.');
  await id(page, 'reward-kind').selectOption('ending');
  await until('the ending as the reward', async () => (await id(page, 'reward-kind').inputValue()) === 'ending'
    && /Ready/.test(await id(page, 'status').textContent()), 60);
  await until('figures of the untrained posterior', async () => (await metric(page, 'log_reward')) < -5, 60);
  await page.evaluate(() => document.querySelectorAll('details').forEach((d) => (d.open = true)));
  assert.equal(await id(page, 'compare-dps').count(), 0, 'words have no gradient');
  for (const box of await page.locator('.compare input[type=checkbox]').all()) {
    await box.setChecked(['compare-importance', 'compare-smc'].includes(await box.getAttribute('data-testid')));
  }
  assert.equal(await id(page, 'compare-smc-points').inputValue(), '0');
  await set(page, 'compare-samples', 16);
  await id(page, 'compare').click();
  await until('the comparison', async () => /Ended/.test(await id(page, 'compare-status').textContent()), 200);
  for (const method of ['importance', 'smc']) {
    assert.equal(await standing(page, method), 'done', method);
    assert.ok((await id(page, `card-${method}`).locator('.sayings li').count()) > 3, method);
  }
  // Nobody keeps the user from asking it to look ahead.
  await id(page, 'compare-importance').uncheck();
  await set(page, 'compare-smc-points', 4);
  await id(page, 'compare').click();
  await until('its answer', async () => /words have no expected end/.test((await id(page, 'card-smc').allTextContents()).join()), 100);
  assert.deepEqual(problems, []);
  await page.close();
});

test('stories open with a run that moves within ten seconds on a processor', { timeout: 120_000 }, async () => {
  const { page, problems } = await ready(cpu);
  await id(page, 'task-stories').click();
  await until('the stories', async () => (await id(page, 'preset').inputValue()) === 'story-bike-causal'
    && /Ready/.test(await id(page, 'status').textContent()), 60);
  assert.match(await id(page, 'expect').textContent(), /iterations take roughly [\d.]+ minutes/);
  const began = Date.now();
  await id(page, 'step').click();
  await until('an iteration', async () => (await iteration(page)) === 1, 60);
  const took = Date.now() - began;
  assert.ok(took < 10_000, `an iteration took ${took} ms`);
  await id(page, 'preset').selectOption('story-dog');
  await id(page, 'quicker').click();
  await until('the causal prior', async () => (await id(page, 'prior-network').inputValue()) === 'reward-stories', 10);
  assert.equal(await id(page, 'quicker').count(), 0);
  assert.deepEqual(problems, []);
  await page.close();
});

/** A run of control small enough for a test. */
const maze = (preset = 'control-maze', { langevin = true, horizon = 60 } = {}) => fragment(`preset = "${preset}"
[process]
steps = 8
[network]
width = 32
langevin = ${langevin}
[rollout]
batch = 256
[training]
iterations = 20
[episodes]
states = 64
looked_at = 16
count = 20
horizon = ${horizon}
[evaluation]
samples_while_training = 400
`);

const mazePanels = ['maze-canvas', 'behaviour-canvas', 'policy-canvas', 'best-canvas'];
const actionPanels = ['prior-canvas', 'reward-canvas', 'learned-canvas', 'exact-canvas'];

/** Clicks the middle of a cell of a maze of 11 rows and 9 columns, which stands in the middle of its square. */
async function cell(page, row, column) {
  await id(page, 'maze-canvas').scrollIntoViewIfNeeded();
  const box = await id(page, 'maze-canvas').boundingBox();
  await page.mouse.click(box.x + ((column + 1.5) / 11) * box.width, box.y + ((row + 0.5) / 11) * box.height);
}

test('a maze is looked at and learned on the CPU worker, beside what is exact', { timeout: 300_000 }, async () => {
  const { page, problems } = await ready(cpu, '#preset=control-maze');
  assert.equal(await id(page, 'task-control').getAttribute('aria-current'), 'page');
  await id(page, 'quicker').click();
  await until('the smaller network', async () => (await id(page, 'quicker').count()) === 0, 10);
  await page.evaluate(() => document.querySelectorAll('details').forEach((d) => (d.open = true)));
  assert.equal(`${await id(page, 'steps').inputValue()} ${await id(page, 'width').inputValue()}`, '10 64');
  await page.goto(site.url + maze());
  await until('the small run', async () => (await id(page, 'steps').inputValue()) === '8'
    && /Ready/.test(await id(page, 'status').textContent()), 60);
  await id(page, 'time-slider').fill('5');
  for (const canvas of [...mazePanels, ...actionPanels]) await until(canvas, async () => drawn(page, canvas), 10);
  assert.match(await said(page, 'maze-canvas'), /11 rows and 9 columns, .* the chosen state is x \d/);
  assert.match(await said(page, 'best-canvas'), /^12 episodes of the exact policy\. .* Return −\d.* reach the goal/);
  const untrained = await pixels(page, 'policy-canvas');
  assert.equal(untrained, await pixels(page, 'behaviour-canvas'), 'nothing is trained yet');

  // Another state: from the list, by keys and by the pointer.
  const exact = await pixels(page, 'exact-canvas');
  await id(page, 'state').selectOption('3');
  await until('its actions', async () => (await pixels(page, 'exact-canvas')) !== exact, 5);
  const states = [await said(page, 'exact-canvas')];
  for (const choose of [() => page.keyboard.press('ArrowLeft'), () => cell(page, 1, 7), () => cell(page, 9, 1)]) {
    await id(page, 'maze-canvas').focus();
    await choose();
    await until('another state', async () => !states.includes(await said(page, 'exact-canvas')), 5);
    states.push(await said(page, 'exact-canvas'));
  }

  await id(page, 'train').click();
  await until('all iterations', async () => /Finished/.test(await id(page, 'status').textContent()), 120);
  await until('the learned policy to move', async () => (await pixels(page, 'policy-canvas')) !== untrained, 5);
  for (const key of ['return_learned', 'return_exact', 'return_behaviour', 'return_optimal', 'total_variation', 'total_variation_exact', 'total_variation_bound', 'log_z_off', 'ess']) {
    assert.ok(Number.isFinite(await metric(page, key)), key);
  }
  assert.ok(await metric(page, 'return_exact') > await metric(page, 'return_behaviour'));
  assert.match(await said(page, 'learned-canvas'), /in the state x .* at iteration 20: total variation of a coordinate 0\.\d/);
  const actions = (await saved(page, 'save-samples')).trim().split('\n');
  assert.equal(actions[0], 'dx,dy');
  assert.equal(actions.length, 10_001);
  assert.deepEqual(problems, []);
  await page.close();
});

test('walls are drawn, the goal moves, α slides, and the link restores it', { timeout: 300_000 }, async () => {
  const { page, problems } = await ready(cpu, maze());
  const rows = async () => (await id(page, 'maze-rows').inputValue()).split('\n');
  const anew = (what) => until(what, async () => /Ready/.test(await id(page, 'status').textContent())
    && (await drawn(page, 'exact-canvas')), 60);
  await id(page, 'tool-walls').click();
  await cell(page, 2, 4);
  await until('the wall to go', async () => (await rows())[2] === '#.#...#.#', 5);
  await anew('the other maze');
  // Without that cell the goal would be cut off: the map stays, and the reason stands below it.
  await cell(page, 8, 7);
  await until('the refusal', async () => /^Map: .*from which no way leads to a goal/.test((await id(page, 'maze-rows-error').allTextContents()).join()), 5);
  assert.equal((await rows())[8], '#.###.#.#');
  await id(page, 'tool-goal').click();
  await cell(page, 1, 7);
  await until('the goal', async () => (await rows())[1] === '#S..#..G#' && (await rows())[7] === '#.....#.#', 5);
  assert.equal(await id(page, 'maze-rows-error').count(), 0);
  // By keyboard: two cells to the right of the first free one.
  await id(page, 'tool-start').click();
  await id(page, 'maze-canvas').focus();
  for (const key of ['ArrowRight', 'ArrowRight', 'Space']) await page.keyboard.press(key);
  await until('the start', async () => (await rows())[1] === '#..S#..G#', 5);
  await anew('the last maze');
  assert.equal(await iteration(page), 0);

  const before = await pixels(page, 'exact-canvas');
  await id(page, 'alpha').fill('0');
  await until('α', async () => (await id(page, 'reward-alpha').inputValue()) === '1', 5);
  await until('another policy', async () => (await pixels(page, 'exact-canvas')) !== before, 5);
  await id(page, 'reward-kind').selectOption('behaviour');
  await anew('the other critic');
  await page.evaluate(() => document.querySelectorAll('details').forEach((d) => (d.open = true)));
  await set(page, 'prior-deviation', 0.4);
  await anew('the other behaviour');
  await id(page, 'step').click();
  await until('an iteration', async () => (await iteration(page)) === 1, 60);
  await new Promise((next) => setTimeout(next, 500));
  const again = await ready(cpu, page.url().slice(site.url.length));
  assert.deepEqual(await id(again.page, 'maze-rows').inputValue(), (await rows()).join('\n'));
  for (const [field, value] of [['reward-alpha', '1'], ['reward-kind', 'behaviour'], ['prior-deviation', '0.4'], ['batch', '256']]) {
    assert.equal(await id(again.page, field).inputValue(), value, field);
  }
  assert.deepEqual([...problems, ...again.problems], []);
  for (const p of [page, again.page]) await p.close();
});

test('a bandit and linear dynamics have the same panels without a maze', { timeout: 300_000 }, async () => {
  const bandit = await ready(cpu, maze('control-bandit'));
  for (const canvas of actionPanels) await until(canvas, async () => drawn(bandit.page, canvas), 10);
  for (const absent of ['maze-canvas', 'reward-kind', 'state']) assert.equal(await id(bandit.page, absent).count(), 0, absent);
  const exact = await pixels(bandit.page, 'exact-canvas');
  await id(bandit.page, 'reward-expression').fill('-3*abs(a1)');
  await until('another policy', async () => (await drawn(bandit.page, 'exact-canvas')) && (await pixels(bandit.page, 'exact-canvas')) !== exact, 30);
  await id(bandit.page, 'reward-expression').fill('-3*b');
  await until('the refusal', async () => /^Formula: .*`b`/.test((await id(bandit.page, 'reward-expression-error').allTextContents()).join()), 5);
  await id(bandit.page, 'reward-expression').fill('-3*abs(a1)');
  await bandit.page.evaluate(() => document.querySelectorAll('details').forEach((d) => (d.open = true)));
  await set(bandit.page, 'environment-action', 1);
  await until('actions on a line', async () => /From left to right: a1 from −/.test(await bandit.page.locator('.panels').textContent())
    && /Ready/.test(await id(bandit.page, 'status').textContent()), 60);
  await id(bandit.page, 'step').click();
  await until('an iteration', async () => (await iteration(bandit.page)) === 1, 60);
  for (const box of await bandit.page.locator('.compare input[type=checkbox]').all()) {
    await box.setChecked(await box.getAttribute('data-testid') === 'compare-importance');
  }
  await id(bandit.page, 'compare').click();
  await until('the comparison', async () => /Ended/.test(await id(bandit.page, 'compare-status').textContent()), 100);
  const off = await id(bandit.page, 'card-importance').locator('[data-figure=total_variation]').textContent();
  assert.ok(Number(off) < 0.2, `importance resampling is ${off} apart`);

  // The reward is painted instead.
  await id(bandit.page, 'environment-kind').selectOption('painted');
  await until('the painted one', async () => /Ready/.test(await id(bandit.page, 'status').textContent()) && drawn(bandit.page, 'exact-canvas'), 60);
  assert.equal(await id(bandit.page, 'reward-expression').count(), 0);
  const spot = await pixels(bandit.page, 'exact-canvas');
  await id(bandit.page, 'reward-canvas').scrollIntoViewIfNeeded();
  const place = await id(bandit.page, 'reward-canvas').boundingBox();
  await bandit.page.mouse.move(place.x + 0.7 * place.width, place.y + 0.3 * place.height);
  await bandit.page.mouse.down();
  await bandit.page.mouse.move(place.x + 0.75 * place.width, place.y + 0.4 * place.height, { steps: 4 });
  await bandit.page.mouse.up();
  await until('what is painted', async () => (await pixels(bandit.page, 'exact-canvas')) !== spot, 5);
  await until('its scene', async () => /Ready/.test(await id(bandit.page, 'status').textContent()), 60);
  await id(bandit.page, 'step').click();
  await until('an iteration', async () => (await iteration(bandit.page)) === 1, 60);
  const stroke = await pixels(bandit.page, 'reward-canvas');
  const painted = await ready(cpu, bandit.page.url().slice(site.url.length));
  await until('the same painting', async () => (await id(painted.page, 'environment-kind').inputValue()) === 'painted'
    && (await drawn(painted.page, 'reward-canvas')), 30);
  await id(bandit.page, 'reward-canvas').focus();
  await bandit.page.keyboard.press('Backspace');
  await until('what is erased', async () => (await pixels(bandit.page, 'reward-canvas')) !== stroke, 5);

  const { page, problems } = await ready(cpu, maze('control-linear'));
  for (const canvas of [...mazePanels, ...actionPanels]) await until(canvas, async () => (await said(page, canvas)).length > 20, 5);
  assert.equal(await id(page, 'tool-walls').count(), 0);
  assert.match(await said(page, 'maze-canvas'), /the chosen one is s1 .*, s4 /);
  await id(page, 'state').selectOption('5');
  await page.evaluate(() => document.querySelectorAll('details').forEach((d) => (d.open = true)));
  await set(page, 'action-cost', '0.1 0.4');
  await until('the other costs', async () => /Ready/.test(await id(page, 'status').textContent()) && drawn(page, 'exact-canvas'), 60);
  await id(page, 'step').click();
  await until('an iteration', async () => (await iteration(page)) === 1, 60);
  await until('its return', async () => Number.isFinite(await metric(page, 'return_learned')), 60);
  assert.deepEqual([...bandit.problems, ...painted.problems, ...problems], []);
  for (const p of [page, bandit.page, painted.page]) await p.close();
});

test('a phone shows parts that fold, in the order of the focus, with the reward beside its controls', { timeout: 60_000 }, async () => {
  const context = await browse({ viewport: { width: 390, height: 844 }, forcedColors: 'active' });
  const { page, problems } = await ready(context);
  const height = await page.evaluate(() => document.documentElement.scrollHeight);
  assert.ok(height < 4000, `the page is ${height} pixels tall`);
  const tops = await page.evaluate(() => [...document.querySelectorAll('main > *')].map((part) => part.getBoundingClientRect().top));
  assert.deepEqual(tops, tops.toSorted((a, b) => a - b), 'drawn as the focus goes');
  const [controls, picture] = [await id(page, 'reward-kind').boundingBox(), await id(page, 'reward-canvas').boundingBox()];
  assert.ok(picture.y - controls.y < 1000, `${picture.y - controls.y} pixels from the reward's controls to its picture`);
  const ground = (task) => id(page, `task-${task}`).evaluate((link) => getComputedStyle(link).backgroundColor);
  assert.notEqual(await ground('mixtures'), await ground('digits'), 'the chosen task, in forced colours');
  assert.deepEqual(problems, []);
  await context.close();
});

test('has no serious accessibility findings, at desktop and phone width, light and dark', { timeout: 300_000 }, async () => {
  const product = tiny(`[reward]
kind = "all"
rewards = [{ kind = "classes", classes = [8, 9] }, { kind = "thickness", target = 3.0, deviation = 1.0 }]`);
  for (const [width, colorScheme, run] of [[1400, 'light', ''], [390, 'dark', ''], [1400, 'dark', tiny()], [360, 'light', product],
    [1400, 'dark', latent()], [360, 'light', '#preset=latents-inpaint'],
    [360, 'dark', '#preset=digits-inpaint'], [1400, 'light', '#preset=eight-schools'], [360, 'dark', bent()], [1400, 'light', story()], [360, 'dark', story()],
    [1400, 'dark', maze()], [390, 'light', maze()], [360, 'dark', maze('control-linear')], [360, 'light', maze('control-bandit')]]) {
    const context = await browse({ viewport: { width, height: 844 }, colorScheme, reducedMotion: 'reduce' });
    const { page, problems } = await ready(context, run);
    await page.evaluate(() => document.querySelectorAll('details').forEach((d) => (d.open = true)));
    assert.deepEqual(await serious(page), []);
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

  // Where the GPU is lost in training, the CPU trains on.
  await id(page, 'speed').selectOption('2');
  await id(page, 'train').click();
  await until('training', async () => (await iteration(page)) > 3, 60);
  await (await context.newCDPSession(page)).send('Browser.crashGpuProcess');
  await until('the CPU', async () => /CPU/.test(await id(page, 'device-badge').locator('strong').textContent()), 60);
  await until('the rest', async () => /Finished/.test(await id(page, 'status').textContent()), 60);
  assert.match(await errors(page), /^The GPU worker stopped, and the CPU goes on with the run from its last weights\.✕?$/);
  await context.close();
});

test('digits train on WebGPU', { timeout: 600_000 }, async () => {
  const context = await browse({ webgpu: true });
  const { page, problems } = await ready(context, tiny());
  await id(page, 'device-select').selectOption('gpu');
  await until('the WebGPU worker', async () => /GPU/.test(await page.getByTestId('device-badge').locator('strong').textContent()), 240);
  await until('the run to open on it', async () => /Ready/.test(await id(page, 'status').textContent()), 240);
  await until('the prior’s images', async () => drawn(page, 'prior-canvas'), 5);
  const untrained = await pixels(page, 'learned-canvas');
  await id(page, 'step').click();
  await until('one iteration', async () => (await iteration(page)) === 1, 300);
  await until('its figures', async () => Number.isFinite(await metric(page, 'ess')), 120);
  assert.ok(Number.isFinite(await metric(page, 'log_reward')));
  await until('the learned images to move', async () => (await pixels(page, 'learned-canvas')) !== untrained, 5);
  assert.deepEqual(problems, []);
  await context.close();
});

test('latents train on WebGPU', { timeout: 600_000 }, async () => {
  const context = await browse({ webgpu: true });
  const { page, problems } = await ready(context, latent('reward = { kind = "ink", target = 0.12, deviation = 0.05 }', { iterations: 3 }));
  await id(page, 'device-select').selectOption('gpu');
  await until('the WebGPU worker', async () => /GPU/.test(await page.getByTestId('device-badge').locator('strong').textContent()), 240);
  await until('the run to open on it', async () => /Ready/.test(await id(page, 'status').textContent()), 240);
  await until('the prior’s images', async () => drawn(page, 'prior-images'), 5);
  const untrained = await pixels(page, 'learned-images');
  await id(page, 'step').click();
  await until('one iteration', async () => (await iteration(page)) === 1, 300);
  await until('its figures', async () => Number.isFinite(await metric(page, 'total_variation')), 120);
  await until('the learned images to move', async () => (await pixels(page, 'learned-images')) !== untrained, 5);
  assert.deepEqual(problems, []);
  await context.close();
});

test('stories train on WebGPU', { timeout: 600_000 }, async () => {
  const context = await browse({ webgpu: true });
  const { page, problems } = await ready(context, story(undefined, 2));
  await id(page, 'device-select').selectOption('gpu');
  await until('the WebGPU worker', async () => /GPU/.test(await page.getByTestId('device-badge').locator('strong').textContent()), 240);
  await until('the run to open on it', async () => /Ready/.test(await id(page, 'status').textContent()), 240);
  await until('the untrained middles', async () => (await lines(page, 'learned-canvas')).length === 8, 240);
  await id(page, 'step').click();
  await until('one iteration', async () => (await iteration(page)) === 1, 300);
  await until('its figures', async () => Number.isFinite(await metric(page, 'ess')), 300);
  assert.ok(Number.isFinite(await metric(page, 'log_reward')));
  assert.deepEqual(problems, []);
  await context.close();
});

test('points train on WebGPU', { timeout: 600_000 }, async () => {
  const context = await browse({ webgpu: true });
  const { page, problems } = await ready(context, bent('', { steps: 4, samples: 100 }));
  await id(page, 'device-select').selectOption('gpu');
  await until('the WebGPU worker', async () => /GPU/.test(await page.getByTestId('device-badge').locator('strong').textContent()), 240);
  await until('the run to open on it', async () => /Ready/.test(await id(page, 'status').textContent()), 240);
  const untrained = await pixels(page, 'corner-canvas');
  await id(page, 'step').click();
  await until('one iteration', async () => (await iteration(page)) === 1, 300);
  await until('its figures', async () => Number.isFinite(await metric(page, 'marginal_error')), 120);
  await until('the learned points to move', async () => (await pixels(page, 'corner-canvas')) !== untrained, 5);

  // The Langevin term asks the processor at every step: the run moves there, says why, and stays.
  const badge = id(page, 'device-badge');
  await id(page, 'langevin').evaluate((box) => box.click());
  await until('the CPU', async () => /CPU/.test(await badge.locator('strong').textContent()), 60);
  await until('the run to open on it', async () => /Ready/.test(await id(page, 'status').textContent()), 60);
  assert.match(await badge.textContent(), /the Langevin term takes the gradient/);
  await id(page, 'step').click();
  await until('another iteration', async () => (await iteration(page)) === 1, 60);
  assert.ok(await id(page, 'device-select').locator('option[value=gpu]').isDisabled());
  assert.deepEqual(problems, []);
  await context.close();
});

test('policies train on WebGPU', { timeout: 600_000 }, async () => {
  const context = await browse({ webgpu: true });
  const { page, problems } = await ready(context, maze('control-maze', { langevin: false, horizon: 2 }));
  await id(page, 'device-select').selectOption('gpu');
  await until('the WebGPU worker', async () => /GPU/.test(await page.getByTestId('device-badge').locator('strong').textContent()), 240);
  await until('the run to open on it', async () => /Ready/.test(await id(page, 'status').textContent()), 240);
  await id(page, 'step').click();
  await until('one iteration', async () => (await iteration(page)) === 1, 300);
  await until('its figures', async () => Number.isFinite(await metric(page, 'return_learned')), 300);
  assert.deepEqual(problems, []);
  await context.close();
});

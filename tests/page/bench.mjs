// Figures of the built page: sizes, warm reload, time of an iteration, memory, and how long it takes
// to a total variation of 0.03, frames a second while a reward is painted at a sixth of the processor's speed,
// and of digits: time of an iteration, frames a second while they train.
// `node tests/page/bench.mjs [iterations] [--gpu]` after `trunk build`; 2000 iterations take minutes. With
// --gpu also an iteration on the WebGPU worker. `node tests/page/bench.mjs --workers 1,2 PRESET...` trains presets to
// their ends instead, with so many CPU workers.

import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { brotliCompressSync, constants } from 'node:zlib';
import { browse, id, iteration, metric, open, serve, until } from './support.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true, options: { gpu: { type: 'boolean' }, workers: { type: 'string' } },
});
const iterations = values.workers === undefined ? Number(positionals[0] ?? 200) : 0;
/** The total variation to reach. */
const goal = 0.03;
/** Iterations on the WebGPU worker; an emulated one takes many seconds for each. */
const onGpu = Math.min(iterations, 20);
const dist = fileURLToPath(new URL('../../dist/', import.meta.url));

function sizes() {
  const compressed = (file) => brotliCompressSync(readFileSync(dist + file), {
    params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_LGWIN]: 24 },
  }).length;
  const groups = { 'page and CPU worker': 0, 'WebGPU worker': 0 };
  for (const file of readdirSync(dist).filter((f) => /\.(js|wasm|css|html)$/.test(f))) {
    const size = compressed(file);
    groups[/gpu/.test(file) ? 'WebGPU worker' : 'page and CPU worker'] += size;
    console.log(`${file}: ${(size / 1e6).toFixed(3)} MB brotli`);
  }
  for (const [group, size] of Object.entries(groups)) console.log(`${group}: ${(size / 1e6).toFixed(3)} MB brotli`);
}

const status = (page) => id(page, 'status').textContent();
const idle = (page) => until('the run', async () => /Ready|Paused|Finished/.test(await status(page)), 300);

/** Trains exactly so many iterations; `watch` looks at the page again and again meanwhile. */
async function train(page, count, watch = async () => {}) {
  await id(page, 'iterations').fill(String(count));
  await id(page, 'iterations').press('Tab');
  await id(page, 'reset').click();
  await until('the run to open', async () => /Ready/.test(await status(page)) && (await iteration(page)) === 0, 300);
  await id(page, 'train').click();
  await until(`${count} iterations`, async () => {
    await watch();
    return /Finished/.test(await status(page));
  }, Infinity);
}

async function reloads(page) {
  for (let round = 0; round < 3; round += 1) {
    const began = Date.now();
    await page.reload({ waitUntil: 'commit' });
    await page.waitForSelector('[data-testid=train]:not([disabled])');
    const interactive = Date.now() - began;
    await idle(page);
    console.log(`warm reload: interactive after ${interactive} ms, run open after ${Date.now() - began} ms`);
  }
}

/** The largest renderer is the page's process, its worker's WebAssembly memory included, MB. */
const memory = () => Math.max(...execFileSync('ps', ['-eo', 'rss,args'], { encoding: 'utf8' }).split('\n')
  .filter((line) => line.includes('--type=renderer')).map((line) => parseInt(line, 10) / 1024));

/** How long it took to the total variation wanted; nothing if it is not there yet, or is no figure of the task. */
async function atGoal(page) {
  const measured = (await id(page, 'metric-mode_total_variation').count()) > 0;
  if (!measured || !((await metric(page, 'mode_total_variation')) <= goal)) return '';
  return `${await metric(page, 'iterations')} iterations, ${(await metric(page, 'seconds')).toFixed(1)} s of training`;
}

async function cpu(site) {
  const context = await browse();
  const { page } = await open(context, `${site.url}#preset=25-to-9`);
  await idle(page);
  await reloads(page);
  let early = null;
  let reached = '';
  await train(page, iterations, async () => {
    if (early === null && (await iteration(page)) >= Math.min(200, iterations / 2)) early = [await iteration(page), memory()];
    if (reached === '') reached = await atGoal(page);
  });
  for (const [at, size] of [early, [await iteration(page), memory()]]) console.log(`after ${at} iterations: ${size.toFixed(0)} MB resident`);
  console.log(`CPU worker: ${(1e3 * (await metric(page, 'seconds_per_iteration'))).toFixed(1)} ms an iteration, total variation ${await metric(page, 'mode_total_variation')}`);
  console.log(`CPU worker: total variation of ${goal} ${reached === '' ? 'not reached' : `after ${reached}`}`);
  await context.close();
}

/** Frames a second that the page draws. */
const frames = (page, seconds) => page.evaluate((wanted) => new Promise((done) => {
  let [began, count] = [0, 0];
  const frame = (now) => {
    if (began === 0) began = now;
    if (now - began >= 1e3 * wanted) done(count / (now - began) * 1e3);
    else {
      count += 1;
      requestAnimationFrame(frame);
    }
  };
  requestAnimationFrame(frame);
}), seconds);

async function painting(site) {
  const context = await browse();
  const { page } = await open(context, `${site.url}#preset=25-to-9`);
  await idle(page);
  await id(page, 'reward-kind').selectOption('painted');
  await until('the painted run', async () => /Ready/.test(await status(page)), 60);
  const session = await context.newCDPSession(page);
  await session.send('Emulation.setCPUThrottlingRate', { rate: 6 });
  const box = await id(page, 'reward-canvas').boundingBox();
  const to = (at) => page.mouse.move(box.x + 40 + 3 * at, box.y + 60 + 2 * (at % 30));
  await to(0);
  await page.mouse.down();
  const drawn = frames(page, 2);
  for (let at = 0; at < 60; at += 1) await to(at);
  console.log(`painting at a sixth of the processor's speed: ${(await drawn).toFixed(1)} frames a second`);
  await page.mouse.up();
  await context.close();
}

async function digits(site) {
  const context = await browse();
  const { page } = await open(context, `${site.url}#preset=digit-3`);
  await idle(page);
  const resting = await frames(page, 5);
  await id(page, 'train').click();
  await until('some iterations', async () => (await iteration(page)) >= 3, 300);
  const [began, before] = [Date.now(), await iteration(page)];
  const training = await frames(page, 20);
  const each = (Date.now() - began) / ((await iteration(page)) - before);
  console.log(`digits, CPU worker: ${each.toFixed(0)} ms an iteration, ${training.toFixed(1)} frames a second while it trains, ${resting.toFixed(1)} at rest, ${memory().toFixed(0)} MB resident`);
  await context.close();
}

async function gpu(site) {
  const context = await browse({ webgpu: true });
  const { page } = await open(context, `${site.url}#preset=25-to-9`);
  await idle(page);
  const adapter = await id(page, 'device-select').locator('option[value=gpu]').textContent();
  // An emulated GPU does not survive the whole task.
  const size = /emulated/.test(adapter) ? { batch: 64, steps: 20, 'evaluation-samples': 100 } : {};
  await page.evaluate(() => document.querySelectorAll('details').forEach((d) => (d.open = true)));
  for (const [field, value] of Object.entries(size)) await id(page, field).fill(String(value));
  await id(page, 'device-select').selectOption('gpu');
  await until('the WebGPU worker', async () => /Runs on GPU/.test(await id(page, 'device-badge').textContent()), 600);
  await train(page, onGpu);
  const name = `${adapter}, batch ${await id(page, 'batch').inputValue()}, T ${await id(page, 'steps').inputValue()}`;
  console.log(`${name}: ${(1e3 * (await metric(page, 'seconds_per_iteration'))).toFixed(1)} ms an iteration, mean of ${onGpu}, compiling shaders included`);
  const last = /[\d.]+ m?s per iteration/.exec(await page.locator('.transport .progress').textContent());
  console.log(`${name}: ${last} for the last one`);
  await context.close();
}

/** Trains a preset to its end, and prints its time and figures. */
async function whole(site, preset, workers) {
  const context = await browse();
  const { page } = await open(context, `${site.url}#preset=${preset}`);
  await idle(page);
  await id(page, 'workers-select').selectOption(workers);
  await until('the run', async () => /Ready/.test(await status(page)), 300);
  await id(page, 'train').click();
  let reached = '';
  await until('the end', async () => {
    if (reached === '') reached = await atGoal(page);
    return /Finished/.test(await status(page));
  }, Infinity);
  const rows = page.locator('[data-testid^=metric-][data-value]');
  const figures = await rows.evaluateAll((cells) => cells.map((cell) => [cell.dataset.testid.slice(7), cell.dataset.value]));
  console.log(`${preset}, ${workers} CPU worker(s), ${await metric(page, 'iterations')} iterations, ${(await metric(page, 'seconds')).toFixed(1)} s of training`);
  if (reached !== '') console.log(`  total variation of ${goal} after ${reached}`);
  console.log(figures.map(([name, value]) => `  ${name} ${value}`).join('\n'));
  await context.close();
}

const site = await serve();
if (values.workers === undefined) {
  sizes();
  await cpu(site);
  await painting(site);
  await digits(site);
  if (values.gpu) await gpu(site);
} else {
  for (const preset of positionals) for (const workers of values.workers.split(',')) await whole(site, preset, workers);
}
site.close();

// Times networks with ONNX Runtime on one thread, a request a line:
//
//   node ort.mjs NAME=FILE.onnx ...
//   {"model":"NAME","runs":20}  ->  {"model":"NAME","ms":12.5}   the median
//
// The first line says which version it is; the end of standard input ends it.
import { createInterface } from 'node:readline';
import { createRequire } from 'node:module';
import ort from 'onnxruntime-node';

const WARM_UPS = 3;
const files = new Map(process.argv.slice(2).map((pair) => pair.split(/=(.*)/s)));
const loaded = new Map();

// Always the same numbers; no network here takes longer for one value than for another.
function randomInput({ shape, type }) {
    if (shape.some((n) => typeof n !== 'number')) throw new Error('its input has no fixed shape');
    let state = 1;
    const random = () => (state = (state * 48271) % 2147483647) / 2147483647;
    const count = shape.reduce((a, b) => a * b, 1);
    if (type === 'float32')
        return new ort.Tensor(type, Float32Array.from({ length: count }, random), shape);
    if (type === 'float16') // bit patterns of numbers from 0.5 to 1
        return new ort.Tensor(
            type, Uint16Array.from({ length: count }, () => 0x3800 | (random() * 1024)), shape);
    throw new Error(`its input is ${type}`);
}

async function load(name) {
    if (!files.has(name)) throw new Error('no such network');
    const session = await ort.InferenceSession.create(files.get(name), {
        executionProviders: ['cpu'],
        intraOpNumThreads: 1,
        interOpNumThreads: 1,
        executionMode: 'sequential',
        graphOptimizationLevel: 'all',
        logSeverityLevel: 3,
    });
    const feeds = Object.fromEntries(session.inputMetadata.map((m) => [m.name, randomInput(m)]));
    for (let i = 0; i < WARM_UPS; i++) await session.run(feeds);
    return { session, feeds };
}

async function time({ model, runs }) {
    if (!loaded.has(model)) loaded.set(model, await load(model));
    const { session, feeds } = loaded.get(model);
    await session.run(feeds); // the caches are the other program's by now
    const times = [];
    for (let i = 0; i < runs; i++) {
        const start = performance.now();
        await session.run(feeds);
        times.push(performance.now() - start);
    }
    times.sort((a, b) => a - b);
    return { model, ms: times[runs >> 1] };
}

const { version } = createRequire(import.meta.url)('onnxruntime-node/package.json');
console.log(JSON.stringify({ version }));
for await (const line of createInterface({ input: process.stdin })) {
    const answer = await Promise.resolve(line).then(JSON.parse).then(time)
        .catch((e) => ({ error: `ONNX Runtime cannot run this: ${e.message}` }));
    console.log(JSON.stringify(answer));
}

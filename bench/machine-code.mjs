/**
 * What V8 makes of the forward of attention: the instructions of its inner loops, counted by kind.
 *
 *     node machine-code.mjs [--plain]
 *
 * Needs an engine that can print machine code, as Node's releases can.
 */
import { execFileSync } from 'node:child_process'
import v8 from 'node:v8'
import { attentionKernels } from '../packages/heed/dist/backends/wasm/kernels/attention.js'
import { simdVariant } from '../packages/heed/dist/backends/wasm/features.js'
import { ModuleBuilder } from '../packages/heed/dist/backends/wasm/emit/module.js'

const plain = process.argv.includes('--plain')

/** In a process of its own, which prints what it compiles. */
function compile() {
  if (!plain && process.version.startsWith('v20.')) v8.setFlagsFromString('--experimental-wasm-relaxed-simd')
  const builder = new ModuleBuilder(simdVariant(!plain))
  attentionKernels[0].build(builder)
  return new WebAssembly.Module(builder.bytes(false, 65536))
}

const kinds = {
  'multiply-add': /^vfn?madd/,
  multiply: /^vmulps/,
  'add or subtract': /^v(add|sub)ps/,
  broadcast: /^vbroadcastss/,
  'vector load or store': /^vmovdqu/,
  'vector copy': /^vmov[au]p/,
  'other vector': /^v/,
  'compare and branch': /^(cmp|test|j)/,
  'address and loop': /./,
}

/** `[offset, instruction]` of each line of a function. */
const instructions = (code) =>
  [...code.matchAll(/^0x[\da-f]+ +([\da-f]+) +[\da-f]+ +(?:REX\.W )?(.+)$/gm)].map(([, at, text]) => [
    parseInt(at, 16),
    text,
  ])

/** From a branch back to where it goes, where no other loop lies inside. */
function innerLoops(code) {
  const all = instructions(code)
  const loops = all.flatMap(([end, text]) => {
    const start = parseInt(/^j(?!mp)\w+ .*<\+0x([\da-f]+)>/.exec(text)?.[1], 16)
    return start <= end ? [[start, end]] : []
  })
  const holds = ([a, b], [c, d]) => a <= c && d <= b && (a < c || d < b)
  return loops
    .filter((loop) => !loops.some((other) => holds(loop, other)))
    .map(([start, end]) => all.filter(([at]) => start <= at && at <= end).map(([, text]) => text))
}

function count(loop) {
  const counts = {}
  for (const text of loop) {
    const kind = Object.keys(kinds).find((kind) => kinds[kind].test(text))
    counts[kind] = (counts[kind] ?? 0) + 1
  }
  const stack = loop.filter((text) => /^v.*\[r[bs]p/.test(text)).length
  return { instructions: loop.length, ...counts, 'vectors on the stack': stack }
}

if (process.argv.includes('--compile')) compile()
else {
  const flags = ['--no-liftoff', '--no-wasm-lazy-compilation', '--print-wasm-code']
  const args = [...flags, import.meta.filename, '--compile', ...(plain ? ['--plain'] : [])]
  const code = execFileSync(process.execPath, args, { encoding: 'utf8', maxBuffer: 2 ** 28 })
  const loops = code.split('--- WebAssembly code ---').flatMap(innerLoops)
  const has = (loop, what) => loop.filter((text) => what.test(text)).length
  const products = loops.filter((loop) => has(loop, kinds.broadcast) >= 16)
  const softmax = loops.filter((loop) => has(loop, /^vp(slld|addd)/) >= 2 && !has(loop, /^vdivps/))
  console.table([...products, ...softmax].map(count))
}

import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'

const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8')

it('docs/vectors.md names tests that exist, and every test of an axiom', () => {
  const tests = read('./axioms.test.ts') + read('./metrics.test.ts')
  const named = Array.from(
    read('../../../../docs/vectors.md').matchAll(/`([^`]+)` *\|$/gm),
    (match) => match[1],
  )
  expect(named.filter((name) => !tests.includes(`it('${name}', `))).toEqual([])
  const axioms = Array.from(read('./axioms.test.ts').matchAll(/it\('(.+: .+ = .+)', /g), (match) => match[1])
  expect(axioms).toHaveLength(8)
  expect(axioms.filter((name) => !named.includes(name))).toEqual([])
})

import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { expect, it } from 'vitest'

const dist = join(dirname(fileURLToPath(import.meta.url)), '../dist')

/** Types under `root` that what the entries export mentions and no entry exports: `Link (look/map.d.ts)`. */
function unexported(root: string, entries: readonly string[]): string[] {
  const program = ts.createProgram([...entries], {
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    target: ts.ScriptTarget.ES2022,
    // Symbols are all that is asked for, and the platform's are none of ours.
    noLib: true,
    types: [],
  })
  const checker = program.getTypeChecker()
  const itself = (symbol: ts.Symbol) =>
    symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol
  const exported = new Set(
    entries.flatMap((entry) =>
      checker
        .getExportsOfModule(checker.getSymbolAtLocation(program.getSourceFile(entry)!)!)
        .map((symbol) => itself(symbol)),
    ),
  )
  const missing = new Set<string>()
  const own = (symbol: ts.Symbol) =>
    (symbol.declarations ?? []).filter(
      (declaration) => !relative(root, declaration.getSourceFile().fileName).startsWith('..'),
    )
  const visit = (node: ts.Node) => {
    const name = nameOf(node)
    const local = name && checker.getSymbolAtLocation(name)
    const symbol = local && itself(local)
    if (symbol && !exported.has(symbol) && !(symbol.flags & ts.SymbolFlags.TypeParameter))
      for (const declaration of own(symbol))
        missing.add(`${symbol.name} (${relative(root, declaration.getSourceFile().fileName)})`)
    ts.forEachChild(node, visit)
  }
  for (const symbol of exported) own(symbol).forEach(visit)
  return [...missing].sort()
}

/** The name by which a node speaks of a type that is declared elsewhere. */
function nameOf(node: ts.Node): ts.Node | undefined {
  if (ts.isTypeReferenceNode(node)) return node.typeName
  if (ts.isExpressionWithTypeArguments(node)) return node.expression
  return ts.isImportTypeNode(node) ? node.qualifier : undefined
}

it('every type that a public signature mentions is exported by an entry', () => {
  const { exports } = JSON.parse(readFileSync(join(dist, '../package.json'), 'utf8')) as {
    exports: Record<string, { types: string }>
  }
  const entries = Object.values(exports).map(({ types }) => join(dist, '..', types))
  expect(entries.length).toBeGreaterThan(5)
  for (const entry of entries)
    expect(existsSync(entry), `${entry} is missing: run npx tsc -b first`).toBe(true)
  expect(unexported(dist, entries)).toEqual([])
  // A single entry mentions what others export.
  expect(unexported(dist, [join(dist, 'look/index.d.ts')])).toEqual([])
  expect(unexported(dist, [join(dist, 'lens/index.d.ts')])).toContain('Tensor (tensor/tensor.d.ts)')
})

/** How a block of weights becomes one number: its mean, or its largest. */
export type Pooling = 'mean' | 'max'

/** Where `count` rows or columns are cut into `parts`: the first of each, and the end. */
export function cuts(count: number, parts: number): number[] {
  return Array.from({ length: parts + 1 }, (_, i) => Math.floor((i * count) / parts))
}

/** `rows` `[Tq][Tk]`, pooled so that no side is longer than `side`; a map that fits stays as it is. */
export function pool(
  rows: readonly ArrayLike<number>[],
  side: number,
  how: Pooling,
): readonly ArrayLike<number>[] {
  const [Tq, Tk] = [rows.length, rows[0]?.length ?? 0]
  if (Math.max(Tq, Tk) <= side) return rows
  const down = cuts(Tq, Math.min(Tq, side))
  const across = cuts(Tk, Math.min(Tk, side))
  return down.slice(1).map((end, i) =>
    Float32Array.from({ length: across.length - 1 }, (_, j) => {
      let [most, sum] = [0, 0]
      for (let y = down[i]; y < end; y++)
        for (let x = across[j]; x < across[j + 1]; x++) {
          most = Math.max(most, rows[y][x])
          sum += rows[y][x]
        }
      return how === 'max' ? most : sum / ((end - down[i]) * (across[j + 1] - across[j]))
    }),
  )
}

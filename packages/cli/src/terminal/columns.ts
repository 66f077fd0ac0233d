/** Columns of standard output: the terminal's, else what COLUMNS says, else `fallback`. */
export function outputColumns(
  fallback = 80,
  stream: { readonly columns?: number } = process.stdout,
  env: Readonly<Record<string, string | undefined>> = process.env,
): number {
  // Some pseudo-terminals say 0.
  const columns = stream.columns || Number(env.COLUMNS)
  return Number.isSafeInteger(columns) && columns > 0 ? columns : fallback
}

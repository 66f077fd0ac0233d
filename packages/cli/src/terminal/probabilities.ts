import { clip, displayWidth, visibleLine } from 'heed/look'
import { screen } from './screen.js'

/** Lines of a text, its probability and a bar of it, the texts of one width. */
export function probabilityLines(all: readonly { text: string; probability: number }[]): string[] {
  const { columns, style } = screen()
  const texts = all.map(({ text }) => visibleLine(text))
  const width = Math.max(...texts.map(displayWidth))
  return all.map(({ probability }, n) => {
    const text = texts[n] + ' '.repeat(width - displayWidth(texts[n]))
    const plain = clip(`${text}  ${probability.toFixed(3)}  `, columns)
    const bar = '━'.repeat(Math.round(probability * 24))
    return plain + style.bar(bar.slice(0, Math.max(0, columns - displayWidth(plain))))
  })
}

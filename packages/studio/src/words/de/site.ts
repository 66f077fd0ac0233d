import { siteOf } from 'heed/look'

const names: Readonly<Record<string, string>> = { encoder: 'Encoder', decoder: 'Decoder', layers: 'Schicht' }
const kinds: Readonly<Record<string, string>> = {
  encoder: 'Encoder, liest sich selbst',
  decoder: 'Decoder, liest sich selbst',
  layers: 'Schichten, lesen sich selbst',
}

export const site: typeof import('../en/site').site = {
  title: (site) => {
    const [side, layer, kind] = site.split('.')
    return `${names[side] ?? side} ${layer} liest ${kind === 'cross' ? 'den Ausgangstext' : 'sich selbst'}`
  },
  kind: (site) => {
    const [side, , kind] = siteOf(site, 0).pattern.split('.')
    return kind === 'cross' ? 'Decoder, liest den Ausgangstext' : (kinds[side] ?? kinds.decoder)
  },
}

import { siteOf, siteTitle } from 'heed/look'

/** Attentions and special tokens by name. */
export const site = {
  /** `Encoder 2 reads itself`, of `encoder.2.self` */
  title: siteTitle,
  /** All attentions of its kind: `Encoder, reads itself`. */
  kind: (site: string) => siteOf(site, 0).kind,
}

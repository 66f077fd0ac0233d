import { session } from './session.svelte'

/** A model as a parameter of an address; undefined for the first of the site, which needs none. */
export const modelParam = (name: string): string | undefined =>
  session.models.value?.[0]?.name === name ? undefined : name

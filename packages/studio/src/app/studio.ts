import { getContext } from 'svelte'

/** Key of a context: tells the address of a studio, on pages that are none. */
export const STUDIO = Symbol('studio')

/**
 * What addresses of views (`#/step?…`) are put behind, for the component that is being made: nothing in the studio itself.
 *
 * @returns tells it; undefined where there is no studio
 */
export const studioHere = (): (() => string | undefined) =>
  getContext<(() => string | undefined) | undefined>(STUDIO) ?? (() => '')

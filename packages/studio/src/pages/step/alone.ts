/** Key of a context: set to true, a step is its figure alone, without title, text and place in the page. */
export const ALONE = Symbol('alone')

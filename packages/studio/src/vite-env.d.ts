/// <reference types="vite/client" />

declare module '*?math' {
  /** MathML. */
  const markup: string
  export default markup
}

declare module '*?article' {
  const article: import('./figures/article').Article
  export default article
}

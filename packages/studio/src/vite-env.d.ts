/// <reference types="vite/client" />

declare module '*?math' {
  /** MathML. */
  const markup: string
  export default markup
}

declare module '*?article' {
  const article: import('../tools/article').Article
  export default article
}

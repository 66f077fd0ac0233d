/// <reference types="vite/client" />

declare module '*?math' {
  /** MathML. */
  const markup: string
  export default markup
}
